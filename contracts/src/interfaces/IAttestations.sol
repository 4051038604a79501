// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAttestationVerifier} from "./IAttestationVerifier.sol";
import {AttestationHeader} from "../types/Messages.sol";
import {EvaluationParams, EvaluationTerm} from "../types/Parameters.sol";
import {AttestationResult, Head} from "../types/Records.sol";

/// @title Attested roots
interface IAttestations is IAttestationVerifier {
    /// @notice A root was accepted. `signers` is the bitmap of the set's members that signed.
    event AttestationAccepted(
        uint40 indexed epoch,
        uint40 prevEpoch,
        uint64 setId,
        uint8 attempt,
        bytes32 root,
        uint32 unitCount,
        bytes32 inputsHash,
        uint32 signers
    );
    /// @notice The state behind the last root was given up; reservations of older eras close by escape only.
    event EraOpened(uint32 indexed era, uint40 epoch);
    /// @notice Evaluation parameters were announced.
    event EvaluationScheduled(uint40 indexed fromEpoch, uint32 evaluatorVersion, bytes32 paramsHash, EvaluationParams params);

    /// @notice The leaf is not under the accepted root of its epoch, or that root is no longer kept.
    error UnknownRoot(uint40 epoch);
    /// @notice The leaf has another tag than this function takes.
    error WrongLeaf();
    /// @notice Only the OracleSet may call this.
    error NotOracleSet();
    /// @notice Parameters hold from a later epoch than this.
    error ActivationTooEarly(uint40 earliest);

    /// @notice Submits a root. Returns early, without a revert and without an event, when it can't be accepted.
    /// @param header What was signed.
    /// @param signatures Bitmap word, then `r` and `s` of each signer in ascending order (docs/protocol.md 1.4).
    /// @return result Accepted, or why not.
    function submitAttestation(AttestationHeader calldata header, bytes calldata signatures)
        external
        returns (AttestationResult result);

    /// @notice Announces evaluation parameters. Owner only; at least 2 epochs ahead; replaces one that is not in force yet.
    function scheduleEvaluation(EvaluationParams calldata params, uint32 evaluatorVersion, uint40 fromEpoch) external;

    /// @notice Tells the Orchestrator that a set was announced. The OracleSet only.
    function syncSet() external;

    /// @notice The last accepted attestation; epoch 0 and root 0 before the first.
    function head() external view returns (Head memory);
    /// @notice Whether `root` is the accepted root of `epoch`, follows `prevEpoch`, and is still kept.
    function isAccepted(bytes32 root, uint40 epoch, uint40 prevEpoch) external view returns (bool);
    /// @notice Ring slot `index` of 4,096: `keccak256(abi.encode(root, epoch, prevEpoch))`.
    function ringEntry(uint256 index) external view returns (bytes32);
    /// @notice Current era.
    function era() external view returns (uint32);
    /// @notice Evaluation in force at an epoch.
    function evaluationAt(uint40 epoch) external view returns (EvaluationTerm memory);
    /// @notice Parameters behind a hash.
    function evaluationParams(bytes32 paramsHash) external view returns (EvaluationParams memory);
    /// @notice Unix second at which epoch 0 starts.
    function genesis() external view returns (uint40);
    /// @notice Seconds of an epoch.
    function epochLength() external view returns (uint32);
    /// @notice Epochs of a contract day.
    function dayEpochs() external view returns (uint32);
    /// @notice Epoch of the current block; 0 before genesis.
    function currentEpoch() external view returns (uint40);
    /// @notice The OracleSet.
    function oracleSet() external view returns (address);
    /// @notice EIP-712 domain separator of every message of this network.
    function domainSeparator() external view returns (bytes32);
    /// @notice EIP-712 digest of an attestation.
    function attestationDigest(AttestationHeader calldata header) external view returns (bytes32);
}
