// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev The leaves of the attested tree (docs/protocol.md 2.1): static fields only, hashed twice.

/// @notice Cumulative record of one data unit at one epoch.
/// @param tag Always 1.
/// @param unitId The unit.
/// @param epoch Epoch of the root this leaf belongs to.
/// @param era Number of times the state was started anew.
/// @param state 0 Pending, 1 Vetting, 2 Active, 3 Warned, 4 Suspended, 5 Probation, 6 Removed.
/// @param metEpochs Epochs in which the terms were met.
/// @param missedEpochs Epochs that were missed.
/// @param neutralEpochs Epochs without enough reports.
/// @param paidBpsSum Sum over all epochs of the part that is paid, 0 to 10,000 each.
/// @param lossIncidents Confirmed data loss incidents.
/// @param scoreBps Score, 0 to 10,000.
/// @param availabilityPpm Measured availability, parts per million.
/// @param ttfbP95Ms Measured 95th percentile of time to first byte.
/// @param downP10Kbps Measured 10th percentile of download throughput.
/// @param upP10Kbps Measured 10th percentile of upload throughput.
/// @param samples Samples behind the latency figures.
/// @param recordHash Commitment to everything else the next evaluation of the unit needs.
struct UnitLeaf {
    uint8 tag;
    bytes32 unitId;
    uint40 epoch;
    uint32 era;
    uint8 state;
    uint32 metEpochs;
    uint32 missedEpochs;
    uint32 neutralEpochs;
    uint64 paidBpsSum;
    uint32 lossIncidents;
    uint16 scoreBps;
    uint32 availabilityPpm;
    uint32 ttfbP95Ms;
    uint32 downP10Kbps;
    uint32 upP10Kbps;
    uint32 samples;
    bytes32 recordHash;
}

/// @notice Cumulative points of one oracle node.
/// @param tag Always 2.
/// @param node Node key address.
/// @param epoch Epoch of the root this leaf belongs to.
/// @param era Number of times the state was started anew.
/// @param points Points earned since the era began.
/// @param recordHash Commitment to everything else the next evaluation of the node needs.
struct OracleLeaf {
    uint8 tag;
    address node;
    uint40 epoch;
    uint32 era;
    uint64 points;
    bytes32 recordHash;
}

/// @notice The jury's answer to one dispute.
/// @param tag Always 3.
/// @param disputeId The dispute.
/// @param epoch Epoch of the root this leaf belongs to.
/// @param era Number of times the state was started anew.
/// @param verdict 0 undecided, 1 upheld (for the opener), 2 rejected (against the opener), 3 neutral.
/// @param recordHash Commitment to the evidence that was weighed.
struct VerdictLeaf {
    uint8 tag;
    uint256 disputeId;
    uint40 epoch;
    uint32 era;
    uint8 verdict;
    bytes32 recordHash;
}
