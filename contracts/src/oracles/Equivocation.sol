// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {OracleSeats} from "./OracleSeats.sol";
import {IAttestations} from "../interfaces/IAttestations.sol";
import {IOracleSet} from "../interfaces/IOracleSet.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {AttestationHeader, Commit, RevealHeader} from "../types/Messages.sol";
import {Oracle} from "../types/Oracles.sol";

/// @title Slashing what proves itself: two different signed messages where one is allowed
abstract contract Equivocation is OracleSeats, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

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
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure != ECDSA.RecoverError.NoError) revert InvalidEvidence();
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
}
