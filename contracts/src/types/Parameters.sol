// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice What the evaluation of an epoch depends on; `paramsHash = keccak256(abi.encode(params))`.
/// @param epochsPerDay Epochs in a scoring day. Bounds 1 to 1,440; default 144.
/// @param minReports Reports needed for an availability figure. Bounds 1 to 31; default 8.
/// @param ttfbClaimSamples Samples from which a latency figure is stated. At least 1; default 59.
/// @param ttfbEnforceSamples Samples from which it costs credits. At least the former; default 200.
/// @param expectedReporters Reporters that a unit gets on average (K). Bounds 1 to 31; default 15.
struct EvaluationParams {
    uint32 epochsPerDay;
    uint32 minReports;
    uint32 ttfbClaimSamples;
    uint32 ttfbEnforceSamples;
    uint32 expectedReporters;
}

/// @notice An announced change of the evaluation.
/// @param paramsHash Hash of the parameters from then on.
/// @param evaluatorVersion Version of the rules from then on.
/// @param fromEpoch First epoch they hold for.
struct EvaluationTerm {
    bytes32 paramsHash;
    uint32 evaluatorVersion;
    uint40 fromEpoch;
}

/// @notice The clock that contract and nodes share, fixed at deployment.
/// @param genesis Unix second at which epoch 0 starts.
/// @param epochLength Seconds of an epoch. Bounds 4 to 86,400; default 600.
/// @param dayEpochs Epochs in a contract day, in which delays are counted. Bounds 1 to 1,440; default 144.
struct ClockParams {
    uint40 genesis;
    uint32 epochLength;
    uint32 dayEpochs;
}

/// @notice Money and delays, fixed at deployment. Amounts are smallest units of the bond token unless said otherwise.
/// @param protocolFeeBps Part of what providers earn that fills the oracle pool. At most 1,000; default 200.
/// @param minProviderBond Bond a provider needs to offer units. At least 1.
/// @param bondPerTib Further bond per TiB of offered capacity; 0: none.
/// @param lossSlash Slash per attested loss incident. At most minProviderBond.
/// @param lossSlashCap Most that one unit costs in 30 days. At least lossSlash.
/// @param abandonmentSlash Slash once a unit with reservations is attested as removed. At most minProviderBond.
/// @param reporterReward Part of a slash that goes to who reported it. At most a tenth of every slash.
/// @param disputeDeposit Deposit of who opens a dispute, in the reservation's token.
/// @param exposureBps Part of a unit's capacity that may be reserved from day 0, 21, 90 on; ascending, at most 10,000.
/// @param holdEpochs Epochs in which a held reservation can be activated. Bounds 1 to 7 days; default 1 day.
/// @param disputeEpochs Deadline of a dispute, and the window before a slash. Bounds 1 to 30 days; default 3 days.
/// @param escapeEpochs Epochs without a provable leaf after which the escape opens. Bounds 1 to 90 days; default 7 days.
/// @param challengeEpochs Epochs in which a leaf still answers the escape. Bounds 1 to 30 days; default 1 day.
/// @param unbondingEpochs Delay of a provider's bond withdrawal. More than disputeEpochs, at most 90 days; default 30 days.
struct EconomicParams {
    uint16 protocolFeeBps;
    uint128 minProviderBond;
    uint128 bondPerTib;
    uint128 lossSlash;
    uint128 lossSlashCap;
    uint128 abandonmentSlash;
    uint128 reporterReward;
    uint128 disputeDeposit;
    uint16[3] exposureBps;
    uint32 holdEpochs;
    uint32 disputeEpochs;
    uint32 escapeEpochs;
    uint32 challengeEpochs;
    uint32 unbondingEpochs;
}

/// @notice A token that units may be priced in.
/// @param token Non-rebasing ERC-20.
/// @param pointValue Smallest token units that one oracle point is worth.
struct ListedToken {
    address token;
    uint128 pointValue;
}
