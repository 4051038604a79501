// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SSTORE2} from "solady/utils/SSTORE2.sol";
import {OrchestratorBase} from "./OrchestratorBase.sol";
import {IAttestations} from "../interfaces/IAttestations.sol";
import {IAttestationVerifier} from "../interfaces/IAttestationVerifier.sol";
import {IOracleSet} from "../interfaces/IOracleSet.sol";
import {EcdsaBitmap} from "../libraries/EcdsaBitmap.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {AttestationHeader} from "../types/Messages.sol";
import {SetTerm} from "../types/Oracles.sol";
import {EvaluationParams, EvaluationTerm} from "../types/Parameters.sol";
import {AttestationResult, Head} from "../types/Records.sol";

/// @title Accepting attested roots
/// @dev The costs that repeat every epoch are two slot writes (head, ring), one slot read (the live term), one code read
/// (the set's addresses) and the signatures; nothing depends on the number of units.
abstract contract AttestationCore is OrchestratorBase, IAttestations {
    bytes32 private immutable DOMAIN_SEPARATOR;
    uint256 private immutable CHAIN_ID;

    constructor() {
        DOMAIN_SEPARATOR = Hashing.domainSeparator(address(this));
        CHAIN_ID = block.chainid;
    }

    /// @inheritdoc IAttestations
    function submitAttestation(AttestationHeader calldata header, bytes calldata signatures)
        external
        returns (AttestationResult)
    {
        uint40 epoch = header.epoch;
        uint256 start = GENESIS + uint256(epoch) * EPOCH_LENGTH;
        if (block.timestamp <= start || block.timestamp > start + EPOCH_LENGTH + EPOCH_LENGTH / 2) {
            return AttestationResult.OutsideWindow;
        }
        uint256 last = _head;
        uint40 prevEpoch = uint40(last);
        if (last != 0 && epoch <= prevEpoch) return AttestationResult.NotNewer;
        bool opensEra = (uint256(header.parentRoot) ^ last) >> 40 != 0;
        if (opensEra && !_mayOpenEra(header.parentRoot, prevEpoch)) return AttestationResult.WrongParent;
        if (!_matchesTerm(header)) {
            return IOracleSet(ORACLE_SET).setAt(epoch).setId == header.setId && header.setId != 0
                ? AttestationResult.WrongParameters
                : AttestationResult.WrongSet;
        }
        uint256 signers = EcdsaBitmap.verify(_attestationDigest(header), _nodesOf(header.setId), signatures);
        if (signers == 0) return AttestationResult.BadSignatures;

        _head = (uint256(header.root) >> 40 << 40) | epoch;
        _ring[epoch % RING_SIZE] = _ringEntry(header.root, epoch, prevEpoch);
        if (opensEra) emit EraOpened(++_era, epoch);
        _emitAccepted(header, prevEpoch, uint32(signers));
        return AttestationResult.Accepted;
    }

    /// @inheritdoc IAttestations
    function syncSet() external {
        // Anyone else could make every attestation pay for filling the cache again.
        if (msg.sender != ORACLE_SET) revert NotOracleSet();
        _live.until = 0;
    }

    /// @inheritdoc IAttestationVerifier
    function verifyAttestation(bytes32 digest, uint64 setId, bytes calldata signatures) external view returns (uint256) {
        return EcdsaBitmap.verify(digest, _nodesOf(setId), signatures);
    }

    /// @inheritdoc IAttestations
    function head() external view returns (Head memory) {
        return Head({epoch: uint40(_head), root: bytes27(bytes32(_head))});
    }

    /// @inheritdoc IAttestations
    function isAccepted(bytes32 root, uint40 epoch, uint40 prevEpoch) external view returns (bool) {
        return _ring[epoch % RING_SIZE] == _ringEntry(root, epoch, prevEpoch);
    }

    /// @inheritdoc IAttestations
    function ringEntry(uint256 index) external view returns (bytes32) {
        return _ring[index % RING_SIZE];
    }

    /// @inheritdoc IAttestations
    function era() external view returns (uint32) {
        return _era;
    }

    /// @inheritdoc IAttestations
    function evaluationAt(uint40 epoch) external view returns (EvaluationTerm memory term) {
        (term,) = _evaluationAt(epoch);
    }

    /// @inheritdoc IAttestations
    function evaluationParams(bytes32 paramsHash) external view returns (EvaluationParams memory) {
        return _evaluationParams[paramsHash];
    }

    /// @inheritdoc IAttestations
    function genesis() external view returns (uint40) {
        return GENESIS;
    }

    /// @inheritdoc IAttestations
    function epochLength() external view returns (uint32) {
        return EPOCH_LENGTH;
    }

    /// @inheritdoc IAttestations
    function dayEpochs() external view returns (uint32) {
        return DAY_EPOCHS;
    }

    /// @inheritdoc IAttestations
    function currentEpoch() external view returns (uint40) {
        return _currentEpoch();
    }

    /// @inheritdoc IAttestations
    function oracleSet() external view returns (address) {
        return ORACLE_SET;
    }

    /// @inheritdoc IAttestations
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparator();
    }

    /// @inheritdoc IAttestations
    function attestationDigest(AttestationHeader calldata header) external view returns (bytes32) {
        return _attestationDigest(header);
    }

    /// @dev Appends an evaluation term; the newest one is replaced while it is still 2 epochs away.
    function _scheduleEvaluation(EvaluationParams memory params, uint32 evaluatorVersion, uint40 fromEpoch) internal {
        uint256 count = _evaluations.length;
        uint40 earliest = count == 0 ? 0 : _currentEpoch() + 2;
        if (fromEpoch < earliest) revert ActivationTooEarly(earliest);
        if (count > 1 && _evaluations[count - 1].fromEpoch >= earliest) _evaluations.pop();
        bytes32 paramsHash = keccak256(abi.encode(params));
        _evaluationParams[paramsHash] = params;
        _evaluations.push(EvaluationTerm(paramsHash, evaluatorVersion, fromEpoch));
        _live.until = 0;
        emit EvaluationScheduled(fromEpoch, evaluatorVersion, paramsHash, params);
    }

    function _emitAccepted(AttestationHeader calldata header, uint40 prevEpoch, uint32 signers) private {
        emit AttestationAccepted(
            header.epoch,
            prevEpoch,
            header.setId,
            header.attempt,
            header.root,
            header.unitCount,
            header.inputsHash,
            signers
        );
    }

    /// @dev A new era needs the escape period after the end of the last attested epoch: until then the state is not lost.
    function _mayOpenEra(bytes32 parentRoot, uint40 lastEpoch) private view returns (bool) {
        if (parentRoot != 0) return false;
        uint256 end = GENESIS + (uint256(lastEpoch) + 1) * EPOCH_LENGTH;
        return block.timestamp > end + uint256(_economics.escapeEpochs) * EPOCH_LENGTH;
    }

    /// @dev Set, parameters and version are those of the epoch. The answer is cached in one slot for as long as it holds.
    function _matchesTerm(AttestationHeader calldata header) private returns (bool) {
        LiveTerm memory term = _live;
        if (header.epoch < term.since || header.epoch >= term.until) {
            term = _termAt(header.epoch);
            _live = term;
        }
        return term.digest == _termDigest(header.setId, header.paramsHash, header.evaluatorVersion);
    }

    function _termAt(uint40 epoch) private view returns (LiveTerm memory) {
        SetTerm memory set = IOracleSet(ORACLE_SET).setAt(epoch);
        (EvaluationTerm memory evaluation, uint40 until) = _evaluationAt(epoch);
        return LiveTerm({
            since: set.firstEpoch > evaluation.fromEpoch ? set.firstEpoch : evaluation.fromEpoch,
            // Without a set nothing is cached: the first one may be announced for the very next epoch.
            until: set.setId == 0 ? 0 : set.untilEpoch < until ? set.untilEpoch : until,
            digest: set.setId == 0
                ? bytes22(0)
                : _termDigest(set.setId, evaluation.paramsHash, evaluation.evaluatorVersion)
        });
    }

    function _termDigest(uint64 setId, bytes32 paramsHash, uint32 evaluatorVersion) private pure returns (bytes22) {
        return bytes22(keccak256(abi.encode(setId, paramsHash, evaluatorVersion)));
    }

    /// @dev From the newest backwards: questions are about now, and announcements are few.
    function _evaluationAt(uint40 epoch) private view returns (EvaluationTerm memory term, uint40 until) {
        until = type(uint40).max;
        for (uint256 i = _evaluations.length; i > 0; i--) {
            term = _evaluations[i - 1];
            if (term.fromEpoch <= epoch) return (term, until);
            until = term.fromEpoch;
        }
    }

    /// @dev Computed, not stored: the OracleSet deploys the addresses of set k with salt k.
    function _nodesOf(uint64 setId) private view returns (address) {
        return SSTORE2.predictDeterministicAddress(bytes32(uint256(setId)), ORACLE_SET);
    }

    function _attestationDigest(AttestationHeader calldata header) private view returns (bytes32) {
        return Hashing.digest(_domainSeparator(), Hashing.attestation(header));
    }

    /// @dev Rebuilt when the chain split off under another id.
    function _domainSeparator() internal view returns (bytes32) {
        return block.chainid == CHAIN_ID ? DOMAIN_SEPARATOR : Hashing.domainSeparator(address(this));
    }
}
