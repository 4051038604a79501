// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev The signed messages that a contract reads (docs/protocol.md 1.2). Field order is the EIP-712 order.

/// @notice What a quorum of the set signs for one epoch.
/// @param epoch Epoch that was measured.
/// @param setId Set whose members sign.
/// @param attempt Attempt slot of the epoch in which the input set was proposed.
/// @param parentRoot Root accepted before this one; zero for the first root of an era.
/// @param root Merkle root over all leaves.
/// @param unitCount Number of unit leaves under the root.
/// @param inputsHash Commitment to the reveal headers that were evaluated.
/// @param paramsHash `keccak256(abi.encode(EvaluationParams))` in force at the epoch.
/// @param evaluatorVersion Version of the evaluation rules in force at the epoch.
struct AttestationHeader {
    uint40 epoch;
    uint64 setId;
    uint8 attempt;
    bytes32 parentRoot;
    bytes32 root;
    uint32 unitCount;
    bytes32 inputsHash;
    bytes32 paramsHash;
    uint32 evaluatorVersion;
}

/// @notice A data unit's offer, as its provider's node key signs it (EIP-712 type `DataUnit`).
/// @param provider Node key address of the provider.
/// @param nonce Chosen by the provider; the unit's id is `keccak256(abi.encode(provider, nonce))`.
/// @param kind 0 s3, 1 azure-blob, 2 gcs, 3 disk, 4 function.
/// @param region UTF-8, zero-padded.
/// @param token ERC-20 in which reservations are paid.
/// @param capacityBytes Capacity at registration.
/// @param pricePerGibEpoch Smallest token units per GiB and epoch.
/// @param egressBytesPerEpoch Egress included in an epoch.
/// @param availabilityPpm Promised availability, parts per million.
/// @param ttfbP95Ms Promised 95th percentile of time to first byte; 0: no promise.
/// @param downP10Kbps Promised 10th percentile of download throughput; 0: no promise.
/// @param upP10Kbps Promised 10th percentile of upload throughput; 0: no promise.
/// @param deadline Unix second after which the advert can't be registered any more.
struct DataUnitTerms {
    address provider;
    uint64 nonce;
    uint8 kind;
    bytes32 region;
    address token;
    uint64 capacityBytes;
    uint128 pricePerGibEpoch;
    uint64 egressBytesPerEpoch;
    uint32 availabilityPpm;
    uint32 ttfbP95Ms;
    uint32 downP10Kbps;
    uint32 upP10Kbps;
    uint40 deadline;
}

/// @notice An oracle's commitment to its batch of one epoch.
struct Commit {
    uint64 setId;
    uint40 epoch;
    bytes32 commitHash;
}

/// @notice An oracle's signed opening of its commitment.
struct RevealHeader {
    uint64 setId;
    uint40 epoch;
    bytes32 batchHash;
    bytes32 salt;
    bytes32 secret;
    bytes32 blockHash;
    bytes32 seenHash;
}
