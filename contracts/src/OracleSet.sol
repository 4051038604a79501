// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";
import {IAttestations} from "./interfaces/IAttestations.sol";
import {IOracleSet} from "./interfaces/IOracleSet.sol";
import {Equivocation} from "./oracles/Equivocation.sol";
import {Hashing} from "./libraries/Hashing.sol";
import {Quorum} from "./libraries/Quorum.sol";
import {Anchor, Oracle, OracleSetParams} from "./types/Oracles.sol";

/// @title Registration, bonds and seats of the oracles
contract OracleSet is Equivocation {
    using SafeERC20 for IERC20;

    address private immutable BINDER;
    bytes32 private _lastNodesHash;

    /// @param params_ Parameters, checked against their bounds.
    /// @param binder Who names the Orchestrator, once.
    constructor(OracleSetParams memory params_, address binder) {
        if (params_.treasury == address(0)) revert InvalidParameter("treasury");
        _within(params_.minBond, 1, type(uint96).max, "minBond");
        _within(params_.slashAmount, 1, params_.minBond, "slashAmount");
        _within(params_.reporterReward, 0, params_.slashAmount / 10, "reporterReward");
        _within(params_.seatLimit, MIN_NODES, MAX_NODES, "seatLimit");
        _within(params_.evidenceEpochs, 1, 1_000_000, "evidenceEpochs");
        _within(params_.unbondingEpochs, uint256(params_.evidenceEpochs) + 1, 2_000_000, "unbondingEpochs");
        _within(params_.rotationEpochs, 1, 1_000_000, "rotationEpochs");
        _params = params_;
        BINDER = binder;
    }

    /// @inheritdoc IOracleSet
    function bind(address orchestrator_) external {
        if (msg.sender != BINDER) revert Unauthorized();
        if (_orchestrator != address(0)) revert AlreadyBound();
        if (IAttestations(orchestrator_).oracleSet() != address(this)) revert InvalidParameter("orchestrator");
        _orchestrator = orchestrator_;
        emit OrchestratorBound(orchestrator_);
    }

    /// @inheritdoc IOracleSet
    function register(address node, uint128 bondAmount, Anchor calldata anchor, bytes calldata consent)
        external
        nonReentrant
    {
        Oracle storage own = _oracles[msg.sender];
        if (own.node != address(0)) revert AlreadyRegistered();
        if (node == msg.sender) revert NodeIsOperator();
        // The mapping outlives the bond (points may still be claimed), so an operator may come back with its node.
        if (_operatorOf[node] != address(0) && _operatorOf[node] != msg.sender) revert NodeTaken();
        if (bondAmount < _params.minBond) revert BondTooLow(bondAmount, _params.minBond);
        _requireConsent(node, consent);
        own.node = node;
        own.bond = bondAmount;
        _operatorOf[node] = msg.sender;
        _setAnchor(own, anchor);
        _pull(bondAmount);
        emit OracleRegistered(msg.sender, node, bondAmount);
        _offerSeat(msg.sender);
    }

    /// @inheritdoc IOracleSet
    function increaseBond(uint128 amount) external nonReentrant {
        Oracle storage own = _registered(msg.sender);
        if (own.leftEpoch != 0) revert Leaving();
        own.bond += amount;
        _pull(amount);
        emit BondChanged(msg.sender, own.bond);
        if (!own.seated) _offerSeat(msg.sender);
    }

    /// @inheritdoc IOracleSet
    function claimSeat(address operator) external {
        Oracle storage own = _registered(operator);
        if (own.leftEpoch != 0) revert Leaving();
        if (own.seated || !_offerSeat(operator)) revert NoSeat();
    }

    /// @inheritdoc IOracleSet
    function recompute() external returns (uint64 setId, uint40 firstEpoch) {
        uint256 n = _candidates.length;
        if (n < MIN_NODES) revert TooFewCandidates(n);
        firstEpoch = _nextFirstEpoch();
        setId = uint64(_firstEpochs.length + 1);
        address[] memory nodes = new address[](n);
        bytes memory packed;
        for (uint256 i = 0; i < n; i++) {
            Oracle storage seat = _oracles[_candidates[i]];
            nodes[i] = seat.node;
            seat.lastSetId = setId;
            packed = bytes.concat(packed, bytes20(seat.node));
        }
        bytes32 nodesHash = keccak256(packed);
        if (nodesHash == _lastNodesHash) revert SetUnchanged();
        _lastNodesHash = nodesHash;
        _firstEpochs.push(firstEpoch);
        SSTORE2.writeDeterministic(packed, bytes32(uint256(setId)));
        (, uint256 quorum) = Quorum.forNodes(n);
        emit SetAnnounced(setId, firstEpoch, uint8(quorum), nodes);
        IAttestations(_orchestrator).syncSet();
    }

    /// @inheritdoc IOracleSet
    function renewAnchor(Anchor calldata anchor) external {
        Oracle storage own = _registered(msg.sender);
        if (own.leftEpoch != 0) revert Leaving();
        _setAnchor(own, anchor);
    }

    /// @inheritdoc IOracleSet
    function leave() external {
        Oracle storage own = _registered(msg.sender);
        if (own.leftEpoch != 0) revert Leaving();
        own.leftEpoch = _bound().currentEpoch() + 1;
        _unseat(msg.sender);
        emit OracleLeft(msg.sender, own.node, own.leftEpoch);
    }

    /// @inheritdoc IOracleSet
    function withdrawBond() external nonReentrant returns (uint256 amount) {
        uint40 release = bondReleaseEpoch(msg.sender);
        if (_bound().currentEpoch() < release) revert TooEarly(release);
        amount = _oracles[msg.sender].bond;
        delete _oracles[msg.sender];
        emit BondReturned(msg.sender, amount);
        if (amount != 0) IERC20(_params.bondToken).safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IOracleSet
    function bondReleaseEpoch(address operator) public view returns (uint40) {
        Oracle storage own = _registered(operator);
        if (own.leftEpoch == 0) revert NotLeaving();
        // Its last set is still the newest: no end of duty is in sight, but a network that never forms another set must
        // not keep the bond for ever.
        if (own.lastSetId != 0 && own.lastSetId == _firstEpochs.length) {
            return own.leftEpoch + 4 * uint40(_params.unbondingEpochs);
        }
        uint40 dutyEnd = own.lastSetId == 0 ? 0 : _firstEpochs[own.lastSetId];
        return (dutyEnd > own.leftEpoch ? dutyEnd : own.leftEpoch) + _params.unbondingEpochs;
    }

    /// @inheritdoc IOracleSet
    function orchestrator() external view returns (address) {
        return _orchestrator;
    }

    /// @inheritdoc IOracleSet
    function params() external view returns (OracleSetParams memory) {
        return _params;
    }

    /// @inheritdoc IOracleSet
    function oracle(address operator) external view returns (Oracle memory) {
        return _oracles[operator];
    }

    /// @inheritdoc IOracleSet
    function operatorOf(address node) external view returns (address) {
        return _operatorOf[node];
    }

    /// @inheritdoc IOracleSet
    function candidates() external view returns (address[] memory) {
        return _candidates;
    }

    /// @inheritdoc IOracleSet
    function setCount() external view returns (uint64) {
        return uint64(_firstEpochs.length);
    }

    /// @inheritdoc IOracleSet
    function quorumOf(uint256 n) external pure returns (uint256 f, uint256 quorum) {
        return Quorum.forNodes(n);
    }

    /// @dev The first set may begin with the next epoch: no other one is relied on.
    function _nextFirstEpoch() private view returns (uint40) {
        IAttestations clock = _bound();
        uint40 current = clock.currentEpoch();
        uint256 count = _firstEpochs.length;
        uint256 genesis = clock.genesis();
        // Before genesis a higher bond still enters the first set: the first four to come hold nothing.
        if (block.timestamp + uint256(LEAD_EPOCHS) * clock.epochLength() <= genesis) return 0;
        if (count == 0) return block.timestamp < genesis ? 0 : current + 1;
        uint40 earliest = _firstEpochs[count - 1] + _params.rotationEpochs;
        // The newest set has begun, and the one announced now leaves it its least number of epochs.
        if (current < _firstEpochs[count - 1] || current + LEAD_EPOCHS < earliest) {
            revert TooEarly(earliest > LEAD_EPOCHS ? earliest - LEAD_EPOCHS : 0);
        }
        return current + LEAD_EPOCHS;
    }

    /// @dev A new anchor lies at least two epochs ahead: otherwise its owner, who knows the seeds by then, could choose.
    function _setAnchor(Oracle storage own, Anchor calldata anchor) internal {
        IAttestations clock = _bound();
        uint40 earliest = block.timestamp < clock.genesis() ? 0 : clock.currentEpoch() + LEAD_EPOCHS;
        if (anchor.value == 0 || anchor.baseEpoch < earliest) revert InvalidAnchor(earliest);
        own.anchor = anchor;
        emit AnchorAnnounced(own.node, anchor.value, anchor.baseEpoch);
    }

    function _requireConsent(address node, bytes calldata consent) private view {
        bytes32 digest = Hashing.digest(_bound().domainSeparator(), Hashing.consent(msg.sender));
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, consent);
        if (failure != ECDSA.RecoverError.NoError || signer != node) revert NoConsent();
    }

    function _registered(address operator) internal view returns (Oracle storage own) {
        own = _oracles[operator];
        if (own.node == address(0)) revert NotRegistered();
    }

    /// @dev Bonds must arrive whole, so a token that takes a fee can't be one.
    function _pull(uint256 amount) internal {
        IERC20 token = IERC20(_params.bondToken);
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = token.balanceOf(address(this)) - before;
        if (received < amount) revert BondTooLow(received, amount);
    }

    function _within(uint256 value, uint256 least, uint256 most, bytes32 name) private pure {
        if (value < least || value > most) revert InvalidParameter(name);
    }
}
