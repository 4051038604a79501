// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice Start of an oracle's reverse hash chain: `H^(e - baseEpoch)(x_e) = value`.
struct Anchor {
    bytes32 value;
    uint40 baseEpoch;
}

/// @notice A registered oracle, by its operator.
/// @param node Node key address.
/// @param bond Bond.
/// @param leftEpoch First epoch after it asked to leave; 0: it has not.
/// @param lastSetId Last set it sits in; 0: none.
/// @param seated Whether it is among the candidates for the next set.
/// @param anchor Newest announced anchor.
struct Oracle {
    address node;
    uint128 bond;
    uint40 leftEpoch;
    uint64 lastSetId;
    bool seated;
    Anchor anchor;
}

/// @notice A set and the epochs it attests.
/// @param setId Counts from 1; 0: no set.
/// @param firstEpoch First epoch.
/// @param untilEpoch First epoch of the next set; `type(uint40).max` while none is announced.
struct SetTerm {
    uint64 setId;
    uint40 firstEpoch;
    uint40 untilEpoch;
}

/// @notice Parameters of the set, fixed at deployment.
/// @param bondToken ERC-20 of all bonds.
/// @param treasury Receives what a slash leaves after the reward; the burn address burns it. Not zero.
/// @param minBond Bond an oracle needs. At least 1.
/// @param slashAmount Bond lost for one equivocation. At most minBond.
/// @param reporterReward Part of it that goes to who proved it. At most a tenth of slashAmount.
/// @param seatLimit Seats in a set. Bounds 4 to 31.
/// @param unbondingEpochs Epochs from the last duty to the bond's return; must be more than evidenceEpochs.
/// @param evidenceEpochs Epochs in which an equivocation can be proven. At least 1.
/// @param rotationEpochs Least number of epochs between two sets. At least 1.
struct OracleSetParams {
    address bondToken;
    address treasury;
    uint128 minBond;
    uint128 slashAmount;
    uint128 reporterReward;
    uint8 seatLimit;
    uint32 unbondingEpochs;
    uint32 evidenceEpochs;
    uint32 rotationEpochs;
}
