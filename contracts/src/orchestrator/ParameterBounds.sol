// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAdministration} from "../interfaces/IAdministration.sol";
import {ClockParams, EconomicParams, EvaluationParams} from "../types/Parameters.sol";

/// @title Bounds of every parameter
library ParameterBounds {
    function check(ClockParams memory clock, EconomicParams memory e) internal pure {
        _within(clock.epochLength, 4, 86_400, "epochLength");
        _within(clock.dayEpochs, 1, 1_440, "dayEpochs");
        uint256 day = clock.dayEpochs;
        _within(e.protocolFeeBps, 0, 1_000, "protocolFeeBps");
        _within(e.minProviderBond, 1, type(uint96).max, "minProviderBond");
        _within(e.bondPerTib, 0, type(uint96).max, "bondPerTib");
        _within(e.lossSlash, 0, e.minProviderBond, "lossSlash");
        _within(e.lossSlashCap, e.lossSlash, type(uint96).max, "lossSlashCap");
        _within(e.abandonmentSlash, 0, e.minProviderBond, "abandonmentSlash");
        // A slash that pays nobody needs no reward; one that does must cost its author far more than it brings.
        uint256 least = e.lossSlash < e.abandonmentSlash ? e.lossSlash : e.abandonmentSlash;
        _within(e.reporterReward, 0, least / 10, "reporterReward");
        _within(e.disputeDeposit, 1, type(uint96).max, "disputeDeposit");
        _within(e.exposureBps[0], 1, 10_000, "exposureBps");
        _within(e.exposureBps[1], e.exposureBps[0], 10_000, "exposureBps");
        _within(e.exposureBps[2], e.exposureBps[1], 10_000, "exposureBps");
        _within(e.holdEpochs, 1, 7 * day, "holdEpochs");
        _within(e.disputeEpochs, day, 30 * day, "disputeEpochs");
        _within(e.escapeEpochs, day, 90 * day, "escapeEpochs");
        _within(e.challengeEpochs, day, 30 * day, "challengeEpochs");
        // A bond outlasts the window after which what it answers for is slashed.
        _within(e.unbondingEpochs, uint256(e.disputeEpochs) + 1, 90 * day, "unbondingEpochs");
    }

    function check(EvaluationParams memory p) internal pure {
        _within(p.epochsPerDay, 1, 1_440, "epochsPerDay");
        _within(p.minReports, 1, 31, "minReports");
        _within(p.ttfbClaimSamples, 1, type(uint32).max, "ttfbClaimSamples");
        _within(p.ttfbEnforceSamples, p.ttfbClaimSamples, type(uint32).max, "ttfbEnforceSamples");
        _within(p.expectedReporters, 1, 31, "expectedReporters");
    }

    function _within(uint256 value, uint256 least, uint256 most, bytes32 name) private pure {
        if (value < least || value > most) revert IAdministration.ParameterOutOfBounds(name);
    }
}
