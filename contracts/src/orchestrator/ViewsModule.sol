// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Constants} from "./OrchestratorBase.sol";
import {Module} from "./Module.sol";
import {SettlementCore} from "./SettlementCore.sol";
import {IAdministration} from "../interfaces/IAdministration.sol";
import {IDisputes} from "../interfaces/IDisputes.sol";
import {IOraclePay} from "../interfaces/IOraclePay.sol";
import {IReservations} from "../interfaces/IReservations.sol";
import {ClockParams, EconomicParams} from "../types/Parameters.sol";
import {Dispute, Reservation, Stats} from "../types/Records.sol";

/// @title What can be read of reservations, disputes, money and parameters
contract ViewsModule is Module, SettlementCore {
    constructor(Constants memory constants_) Module(constants_) {}

    /// @notice See IReservations.
    function reservation(uint256 id) external view returns (Reservation memory view_) {
        ReservationRecord storage r = _reservations[id];
        view_.consumer = r.consumer;
        view_.unitId = r.unitId;
        view_.status = r.status;
        view_.capacityBytes = r.capacityBytes;
        view_.ratePerEpoch = r.ratePerEpoch;
        view_.lastEpoch = r.lastEpoch;
        view_.endEpoch = r.endEpoch;
        view_.paidBpsSum = r.paidBpsSum;
        view_.era = r.era;
        view_.lastRatioBps = r.lastRatioBps;
        view_.surplus = r.surplus;
        view_.escapeEpoch = r.escaping ? r.escapeEpoch : 0;
        view_.disputeId = r.disputeId;
        view_.capacityFreed = r.capacityFreed;
    }

    /// @notice See IReservations.
    function reservationCount() external view returns (uint256) {
        return _reservationCount;
    }

    /// @notice See IReservations.
    function creditOf(address token, address account) external view returns (uint256) {
        return _credits[token][account];
    }

    /// @notice See IAdministration.
    function paused() external view returns (bool) {
        return _paused;
    }

    /// @notice See IAdministration.
    function economicParams() external view returns (EconomicParams memory) {
        return _economics;
    }

    /// @notice See IAdministration.
    function clockParams() external view returns (ClockParams memory) {
        return ClockParams(GENESIS, EPOCH_LENGTH, DAY_EPOCHS);
    }

    /// @notice See IAdministration.
    function bondToken() external view returns (address) {
        return BOND_TOKEN;
    }

    /// @notice See IAdministration.
    function pointValue(address token) external view returns (uint256) {
        return _pointValue[token];
    }

    /// @notice See IAdministration.
    function isListed(address token) external view returns (bool) {
        return _listed[token];
    }

    /// @notice See IOraclePay.
    function feePool(address token) external view returns (uint256) {
        return _feeOf(_ledger[token].paid) - _feesClaimed[token];
    }

    /// @notice See IOraclePay.
    function claimedPoints(uint32 era_, address node, address token) external view returns (uint64) {
        return _claimedPoints[era_][node][token];
    }

    /// @notice See IDisputes.
    function dispute(uint256 disputeId) external view returns (Dispute memory) {
        DisputeRecord storage d = _disputes[disputeId];
        return Dispute({
            reservationId: d.reservationId,
            opener: d.opener,
            status: d.status,
            kind: d.kind,
            openedEpoch: d.openedEpoch,
            deadline: d.deadline,
            amount: d.amount,
            frozen: d.frozen,
            deposit: d.deposit
        });
    }

    /// @notice See IDisputes.
    function disputeCount() external view returns (uint256) {
        return _disputeCount;
    }

    /// @notice See IDisputes.
    function treasury() external view returns (address) {
        return _treasury;
    }

    /// @notice See IAdministration.
    function providerStats(address operator, address token) external view returns (Stats memory) {
        ProviderRecord storage own = _providers[operator];
        Ledger storage ledger = _providerLedger[operator][token];
        return Stats(own.units, own.capacityBytes, own.reservedBytes, ledger.paid, ledger.credited, own.slashed);
    }

    /// @notice See IAdministration.
    function totalStats(address token) external view returns (Stats memory) {
        Ledger storage ledger = _ledger[token];
        return Stats(
            _totals.units,
            _totals.capacityBytes,
            _totals.reservedBytes,
            ledger.paid,
            ledger.credited,
            _totalSlashed
        );
    }

    function selectors() external pure returns (bytes4[] memory list) {
        list = new bytes4[](16);
        list[0] = IReservations.reservation.selector;
        list[1] = IReservations.reservationCount.selector;
        list[2] = IReservations.creditOf.selector;
        list[3] = IAdministration.paused.selector;
        list[4] = IAdministration.economicParams.selector;
        list[5] = IAdministration.clockParams.selector;
        list[6] = IAdministration.bondToken.selector;
        list[7] = IAdministration.pointValue.selector;
        list[8] = IAdministration.isListed.selector;
        list[9] = IAdministration.providerStats.selector;
        list[10] = IAdministration.totalStats.selector;
        list[11] = IOraclePay.feePool.selector;
        list[12] = IOraclePay.claimedPoints.selector;
        list[13] = IDisputes.dispute.selector;
        list[14] = IDisputes.disputeCount.selector;
        list[15] = IDisputes.treasury.selector;
    }
}
