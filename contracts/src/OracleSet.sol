// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";
import {IAttestations} from "./interfaces/IAttestations.sol";
import {IOracleSet} from "./interfaces/IOracleSet.sol";
import {Hashing} from "./libraries/Hashing.sol";
import {Quorum} from "./libraries/Quorum.sol";
import {AttestationHeader, Commit, RevealHeader} from "./types/Messages.sol";
import {Anchor, Oracle, OracleSetParams, SetTerm} from "./types/Oracles.sol";

/// @title Registration, bonds and seats of the oracles
/// @dev The candidates (at most `seatLimit`) are kept as a list that only a higher bond can enter, so that forming a set
/// never looks at more than 31 operators however many register.
contract OracleSet is IOracleSet, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 internal constant MIN_NODES = 4;
    uint256 internal constant MAX_NODES = 31;
    /// @dev Announcements lie this many epochs ahead, so that every node has read them when they take effect.
    uint40 internal constant LEAD_EPOCHS = 2;

    address private immutable BINDER;
    address private _orchestrator;
    OracleSetParams internal _params;
    mapping(address operator => Oracle) internal _oracles;
    mapping(address node => address operator) internal _operatorOf;
    address[] internal _candidates;
    /// @dev First epoch of set k at index k - 1.
    uint40[] internal _firstEpochs;
    bytes32 private _lastNodesHash;
    mapping(address account => uint256) private _rewards;
    /// @dev One slash for one thing that was signed twice, however many versions of it there are.
    mapping(bytes32 equivocation => bool) private _punished;

    /// @dev Two struct hashes about one thing.
    struct Evidence {
        uint8 kind;
        uint64 setId;
        uint40 epoch;
        uint8 attempt;
        bytes32 hashA;
        bytes32 hashB;
    }

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
    function proveCommits(Commit calldata a, bytes calldata signatureA, Commit calldata b, bytes calldata signatureB)
        external
    {
        if (a.setId != b.setId || a.epoch != b.epoch) revert NotEquivocation();
        Evidence memory evidence = Evidence(0, a.setId, a.epoch, 0, Hashing.commit(a), Hashing.commit(b));
        _prove(evidence, signatureA, signatureB);
    }

    /// @inheritdoc IOracleSet
    function proveReveals(
        RevealHeader calldata a,
        bytes calldata signatureA,
        RevealHeader calldata b,
        bytes calldata signatureB
    ) external {
        if (a.setId != b.setId || a.epoch != b.epoch) revert NotEquivocation();
        Evidence memory evidence = Evidence(1, a.setId, a.epoch, 0, Hashing.revealHeader(a), Hashing.revealHeader(b));
        _prove(evidence, signatureA, signatureB);
    }

    /// @inheritdoc IOracleSet
    function proveAttestations(
        AttestationHeader calldata a,
        bytes calldata signatureA,
        AttestationHeader calldata b,
        bytes calldata signatureB
    ) external {
        if (a.setId != b.setId || a.epoch != b.epoch || a.attempt != b.attempt) revert NotEquivocation();
        Evidence memory evidence =
            Evidence(2, a.setId, a.epoch, a.attempt, Hashing.attestation(a), Hashing.attestation(b));
        _prove(evidence, signatureA, signatureB);
    }

    /// @inheritdoc IOracleSet
    function withdrawReward() external nonReentrant returns (uint256 amount) {
        amount = _rewards[msg.sender];
        if (amount == 0) revert NothingToWithdraw();
        _rewards[msg.sender] = 0;
        emit RewardWithdrawn(msg.sender, amount);
        IERC20(_params.bondToken).safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IOracleSet
    function rewardOf(address account) external view returns (uint256) {
        return _rewards[account];
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
    function setAt(uint40 epoch) public view returns (SetTerm memory term) {
        uint40 until = type(uint40).max;
        // From the newest backwards: questions are about now.
        for (uint256 id = _firstEpochs.length; id > 0; id--) {
            uint40 first = _firstEpochs[id - 1];
            if (first <= epoch) return SetTerm({setId: uint64(id), firstEpoch: first, untilEpoch: until});
            until = first;
        }
    }

    /// @inheritdoc IOracleSet
    function setCount() external view returns (uint64) {
        return uint64(_firstEpochs.length);
    }

    /// @inheritdoc IOracleSet
    function nodesOf(uint64 setId) public view returns (address[] memory nodes) {
        bytes memory packed = SSTORE2.read(nodesPointer(setId));
        nodes = new address[](packed.length / 20);
        for (uint256 i = 0; i < nodes.length; i++) {
            uint256 word;
            assembly ("memory-safe") {
                word := mload(add(add(packed, 0x20), mul(i, 20)))
            }
            nodes[i] = address(uint160(word >> 96));
        }
    }

    /// @inheritdoc IOracleSet
    function nodesPointer(uint64 setId) public view returns (address) {
        return SSTORE2.predictDeterministicAddress(bytes32(uint256(setId)), address(this));
    }

    /// @inheritdoc IOracleSet
    function quorumOf(uint256 n) external pure returns (uint256 f, uint256 quorum) {
        return Quorum.forNodes(n);
    }

    function _prove(Evidence memory evidence, bytes calldata signatureA, bytes calldata signatureB) private {
        if (evidence.hashA == evidence.hashB) revert NotEquivocation();
        IAttestations clock = _bound();
        if (evidence.epoch + _params.evidenceEpochs < clock.currentEpoch()) revert EvidenceExpired(evidence.epoch);
        bytes32 separator = clock.domainSeparator();
        address node = _signer(Hashing.digest(separator, evidence.hashA), signatureA);
        if (node != _signer(Hashing.digest(separator, evidence.hashB), signatureB)) revert InvalidEvidence();
        if (setAt(evidence.epoch).setId != evidence.setId || !_isMember(evidence.setId, node)) revert InvalidEvidence();
        bytes32 id = keccak256(abi.encode(node, evidence.kind, evidence.setId, evidence.epoch, evidence.attempt));
        if (_punished[id]) revert AlreadySlashed();
        _punished[id] = true;
        _slash(_operatorOf[node], evidence.kind, evidence.epoch);
    }

    function _slash(address operator, uint8 kind, uint40 epoch) private {
        Oracle storage own = _oracles[operator];
        uint128 amount = own.bond < _params.slashAmount ? own.bond : _params.slashAmount;
        uint128 reward = amount / 10 < _params.reporterReward ? amount / 10 : _params.reporterReward;
        own.bond -= amount;
        _rewards[msg.sender] += reward;
        _rewards[_params.treasury] += amount - reward;
        if (own.bond < _params.minBond) _unseat(operator);
        emit OracleSlashed(operator, own.node, kind, epoch, amount, msg.sender);
    }

    /// @dev Canonical signatures only: 65 bytes with a low s, anything else recovers nobody.
    function _signer(bytes32 digest, bytes calldata signature) private pure returns (address) {
        (address signer, ECDSA.RecoverError error,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (error != ECDSA.RecoverError.NoError) revert InvalidEvidence();
        return signer;
    }

    function _isMember(uint64 setId, address node) private view returns (bool) {
        if (setId == 0) return false;
        address[] memory nodes = nodesOf(setId);
        for (uint256 i = 0; i < nodes.length; i++) {
            if (nodes[i] == node) return true;
        }
        return false;
    }

    /// @dev Takes an operator off the candidates; it stays in the sets that it is in.
    function _unseat(address operator) private {
        if (!_oracles[operator].seated) return;
        _oracles[operator].seated = false;
        uint256 n = _candidates.length;
        for (uint256 i = 0; i < n; i++) {
            if (_candidates[i] == operator) {
                _candidates[i] = _candidates[n - 1];
                break;
            }
        }
        _candidates.pop();
        emit CandidateChanged(operator, false);
    }

    /// @dev Gives an operator a free seat, or the seat of the lowest bond if its own is higher.
    function _offerSeat(address operator) internal returns (bool) {
        uint256 n = _candidates.length;
        uint128 bond = _oracles[operator].bond;
        if (bond < _params.minBond) return false;
        if (n < _params.seatLimit) {
            _candidates.push(operator);
        } else {
            uint256 lowest = 0;
            for (uint256 i = 1; i < n; i++) {
                // The later of two equal bonds goes first.
                if (_oracles[_candidates[i]].bond <= _oracles[_candidates[lowest]].bond) lowest = i;
            }
            address loser = _candidates[lowest];
            if (bond <= _oracles[loser].bond) return false;
            _oracles[loser].seated = false;
            _candidates[lowest] = operator;
            emit CandidateChanged(loser, false);
        }
        _oracles[operator].seated = true;
        emit CandidateChanged(operator, true);
        return true;
    }

    /// @dev The first set may begin with the next epoch: no other one is relied on.
    function _nextFirstEpoch() private view returns (uint40) {
        IAttestations clock = _bound();
        uint40 current = clock.currentEpoch();
        uint256 count = _firstEpochs.length;
        if (count == 0) return block.timestamp < clock.genesis() ? 0 : current + 1;
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
        (address signer, ECDSA.RecoverError error,) = ECDSA.tryRecoverCalldata(digest, consent);
        if (error != ECDSA.RecoverError.NoError || signer != node) revert NoConsent();
    }

    function _registered(address operator) internal view returns (Oracle storage own) {
        own = _oracles[operator];
        if (own.node == address(0)) revert NotRegistered();
    }

    function _bound() internal view returns (IAttestations) {
        if (_orchestrator == address(0)) revert NotBound();
        return IAttestations(_orchestrator);
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
