// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Constants} from "./OrchestratorBase.sol";
import {Module} from "./Module.sol";
import {SettlementCore} from "./SettlementCore.sol";
import {UnitAdmission} from "./UnitAdmission.sol";
import {IReservations} from "../interfaces/IReservations.sol";
import {IProviders} from "../interfaces/IProviders.sol";
import {IAdministration} from "../interfaces/IAdministration.sol";
import {UnitLeaf} from "../types/Leaves.sol";
import {ClockParams, EconomicParams} from "../types/Parameters.sol";
import {Reservation, ReservationStatus, ReserveRequest, Stats, UnitStatus} from "../types/Records.sol";

/// @title Reservations up to their activation, and figures
contract ReservationsModule is Module, SettlementCore, UnitAdmission {
    uint256 internal constant GIB = 1 << 30;
    /// @dev An older baseline would charge for epochs in which nothing was reserved.
    uint40 internal constant BASELINE_AGE = 3;
    uint256 internal constant MAX_DAYS = 3_650;

    constructor(Constants memory constants_) Module(constants_) {}

    /// @notice See IReservations.
    function depositFor(address token, address account, uint256 amount)
        external
        nonReentrant
        whenOpen
        returns (uint256 received)
    {
        if (!_listed[token]) revert IProviders.TokenNotListed(token);
        received = _pull(token, msg.sender, amount);
        if (received == 0) revert IReservations.InvalidAmount();
        _credit(token, account, received);
        emit IReservations.Deposited(token, account, received);
    }

    /// @notice See IReservations.
    function reserve(ReserveRequest calldata request) external nonReentrant whenOpen returns (uint256) {
        return _reserve(request);
    }

    /// @notice See IReservations.
    function activate(uint256 id, UnitLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof) external {
        ReservationRecord storage r = _inStatus(id, ReservationStatus.Held);
        if (_currentEpoch() > r.lastEpoch) revert IReservations.HoldExpired(r.lastEpoch);
        if (r.unitId != leaf.unitId) revert IReservations.WrongUnitLeaf();
        UnitRecord storage unit = _takeState(leaf, prevEpoch, proof);
        if (leaf.epoch != uint40(_head) || leaf.epoch + BASELINE_AGE < _currentEpoch()) {
            revert IReservations.StaleBaseline(leaf.epoch);
        }
        if (!_takesReservations(leaf.state)) revert IReservations.NotAdmitted(leaf.unitId);
        if (unit.manualAccept && msg.sender != unit.operator && msg.sender != unit.provider) {
            revert IReservations.NotAllowed();
        }
        r.status = ReservationStatus.Active;
        r.endEpoch += leaf.epoch;
        r.lastEpoch = leaf.epoch;
        r.paidBpsSum = leaf.paidBpsSum;
        r.era = leaf.era;
        r.lastRatioBps = NO_RATIO;
        emit IReservations.ReservationActivated(id, leaf.epoch, r.endEpoch, leaf.paidBpsSum);
    }

    /// @notice See IReservations.
    function cancel(uint256 id) external {
        ReservationRecord storage r = _inStatus(id, ReservationStatus.Held);
        if (msg.sender != r.consumer && _currentEpoch() <= r.lastEpoch) revert IReservations.NotAllowed();
        _giveUpHold(id, r, ReservationStatus.Cancelled);
    }

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
        view_.escapeEpoch = r.escapeEpoch;
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
        list = new bytes4[](15);
        list[0] = IReservations.depositFor.selector;
        list[1] = IReservations.reserve.selector;
        list[2] = IReservations.activate.selector;
        list[3] = IReservations.cancel.selector;
        list[4] = IReservations.reservation.selector;
        list[5] = IReservations.reservationCount.selector;
        list[6] = IReservations.creditOf.selector;
        list[7] = IAdministration.paused.selector;
        list[8] = IAdministration.economicParams.selector;
        list[9] = IAdministration.clockParams.selector;
        list[10] = IAdministration.bondToken.selector;
        list[11] = IAdministration.pointValue.selector;
        list[12] = IAdministration.isListed.selector;
        list[13] = IAdministration.providerStats.selector;
        list[14] = IAdministration.totalStats.selector;
    }

    function _reserve(ReserveRequest calldata request) private returns (uint256 id) {
        UnitRecord storage unit = _units[request.unitId];
        if (_statusOf(unit) != UnitStatus.Active || !_takesReservations(unit.attestedState)) {
            revert IReservations.NotAdmitted(request.unitId);
        }
        if (unit.pricePerGibEpoch > request.maxPricePerGibEpoch) {
            revert IReservations.PriceTooHigh(unit.pricePerGibEpoch);
        }
        uint256 rate = (uint256(unit.pricePerGibEpoch) * request.capacityBytes + GIB - 1) / GIB;
        if (
            rate == 0 || rate > type(uint96).max || request.epochs == 0
                || request.epochs > MAX_DAYS * DAY_EPOCHS
        ) revert IReservations.InvalidAmount();
        _takeCapacity(unit, request.capacityBytes);
        _charge(unit.token, rate * request.epochs);

        id = ++_reservationCount;
        ReservationRecord storage r = _reservations[id];
        r.consumer = msg.sender;
        r.status = ReservationStatus.Held;
        r.endEpoch = request.epochs;
        r.ratePerEpoch = uint96(rate);
        r.lastEpoch = _currentEpoch() + _economics.holdEpochs;
        r.unitId = request.unitId;
        r.capacityBytes = request.capacityBytes;
        emit IReservations.ReservationHeld(
            id,
            request.unitId,
            msg.sender,
            request.capacityBytes,
            request.epochs,
            uint96(rate),
            rate * request.epochs
        );
    }

    /// @dev Capacity within what the unit's age exposes.
    function _takeCapacity(UnitRecord storage unit, uint64 wanted) private {
        uint256 limit = uint256(unit.capacityBytes) * _exposureBps(unit.admittedEpoch) / 10_000;
        uint256 available = limit > unit.reservedBytes ? limit - unit.reservedBytes : 0;
        if (wanted > available) revert IReservations.CapacityExceeded(wanted, available);
        unit.reservedBytes += wanted;
        _providers[unit.operator].reservedBytes += wanted;
        _totals.reservedBytes += wanted;
    }

    function _exposureBps(uint40 admittedEpoch) private view returns (uint16) {
        uint256 age = _currentEpoch() - admittedEpoch;
        if (age < 21 * uint256(DAY_EPOCHS)) return _economics.exposureBps[0];
        return _economics.exposureBps[age < 90 * uint256(DAY_EPOCHS) ? 1 : 2];
    }

    /// @dev From the caller's credit first, then from its allowance.
    function _charge(address token, uint256 amount) private {
        uint256 credit = _credits[token][msg.sender];
        uint256 used = credit < amount ? credit : amount;
        if (used != 0) _credits[token][msg.sender] = credit - used;
        if (used < amount) _pullExactly(token, msg.sender, amount - used);
    }

    function _giveUpHold(uint256 id, ReservationRecord storage r, ReservationStatus status) private {
        UnitRecord storage unit = _units[r.unitId];
        uint256 refund = uint256(r.ratePerEpoch) * r.endEpoch;
        _freeCapacity(unit, r.capacityBytes);
        refund += _close(id, r, status);
        _credit(unit.token, r.consumer, refund);
    }

    function _inStatus(uint256 id, ReservationStatus status) private view returns (ReservationRecord storage r) {
        r = _reservations[id];
        if (r.status != status) revert IReservations.WrongStatus(r.status);
    }
}
