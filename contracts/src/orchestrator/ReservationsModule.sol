// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Constants} from "./OrchestratorBase.sol";
import {Module} from "./Module.sol";
import {SettlementCore} from "./SettlementCore.sol";
import {UnitAdmission} from "./UnitAdmission.sol";
import {IReservations} from "../interfaces/IReservations.sol";
import {IProviders} from "../interfaces/IProviders.sol";
import {UnitLeaf} from "../types/Leaves.sol";
import {ReservationStatus, ReserveRequest, UnitStatus} from "../types/Records.sol";

/// @title Reservations: held, activated, changed, given up
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
        return _deposit(token, account, amount);
    }

    /// @notice See IReservations.
    function depositWithPermit(
        address token,
        address account,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant whenOpen returns (uint256 received) {
        // Whoever sees the permit can use it first: the allowance is there then, and that is all that matters.
        try IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        return _deposit(token, account, amount);
    }

    /// @notice See IReservations.
    function reserve(ReserveRequest calldata request) external nonReentrant whenOpen returns (uint256) {
        return _reserve(request);
    }

    /// @notice See IReservations.
    function reserveBatch(ReserveRequest[] calldata requests)
        external
        nonReentrant
        whenOpen
        returns (uint256[] memory ids)
    {
        ids = new uint256[](requests.length);
        for (uint256 i = 0; i < requests.length; i++) {
            ids[i] = _reserve(requests[i]);
        }
    }

    /// @notice See IReservations.
    function reserveAndActivate(
        ReserveRequest calldata request,
        UnitLeaf calldata leaf,
        uint40 prevEpoch,
        bytes32[] calldata proof
    ) external nonReentrant whenOpen returns (uint256 id) {
        _takeState(leaf, prevEpoch, proof);
        id = _reserve(request);
        _activate(id, leaf);
    }

    /// @notice See IReservations.
    function activate(uint256 id, UnitLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof) external {
        _takeState(leaf, prevEpoch, proof);
        _activate(id, leaf);
    }

    /// @notice See IReservations.
    function reject(uint256 id) external {
        ReservationRecord storage r = _inStatus(id, ReservationStatus.Held);
        UnitRecord storage unit = _units[r.unitId];
        if (msg.sender != unit.operator && msg.sender != unit.provider) revert IReservations.NotAllowed();
        _giveUpHold(id, r, ReservationStatus.Rejected);
    }

    /// @notice See IReservations.
    function cancel(uint256 id) external {
        ReservationRecord storage r = _inStatus(id, ReservationStatus.Held);
        if (msg.sender != r.consumer && _currentEpoch() <= r.lastEpoch) revert IReservations.NotAllowed();
        _giveUpHold(id, r, ReservationStatus.Cancelled);
    }

    /// @notice See IReservations.
    function topUp(uint256 id, uint96 amount) external nonReentrant whenOpen {
        ReservationRecord storage r = _inStatus(id, ReservationStatus.Active);
        if (amount == 0) revert IReservations.InvalidAmount();
        r.surplus += amount;
        _charge(_units[r.unitId].token, amount);
        emit IReservations.ReservationToppedUp(id, msg.sender, amount);
    }

    /// @notice See IReservations.
    function extend(uint256 id, uint32 epochs) external nonReentrant whenOpen {
        ReservationRecord storage r = _inStatus(id, ReservationStatus.Active);
        UnitRecord storage unit = _units[r.unitId];
        if (msg.sender != r.consumer || r.released || unit.manualAccept || _currentEpoch() > r.endEpoch) {
            revert IReservations.NotAllowed();
        }
        if (_statusOf(unit) != UnitStatus.Active || !_takesReservations(unit.attestedState)) {
            revert IReservations.NotAdmitted(r.unitId);
        }
        uint256 end = uint256(r.endEpoch) + epochs;
        if (epochs == 0 || end > _currentEpoch() + MAX_DAYS * DAY_EPOCHS) revert IReservations.InvalidAmount();
        uint256 cost = uint256(r.ratePerEpoch) * epochs;
        uint256 fromSurplus = r.surplus < cost ? r.surplus : cost;
        r.surplus -= uint96(fromSurplus);
        r.endEpoch = uint40(end);
        _charge(unit.token, cost - fromSurplus);
        emit IReservations.ReservationExtended(id, uint40(end), cost);
    }

    /// @notice See IReservations.
    function release(uint256 id) external {
        ReservationRecord storage r = _inStatus(id, ReservationStatus.Active);
        uint40 end = _currentEpoch() + 1;
        if (msg.sender != r.consumer || end >= r.endEpoch) revert IReservations.NotAllowed();
        uint256 refund = uint256(r.ratePerEpoch) * (r.endEpoch - end) + r.surplus;
        r.endEpoch = end;
        r.surplus = 0;
        r.released = true;
        _credit(_units[r.unitId].token, r.consumer, refund);
        emit IReservations.ReservationReleased(id, end, refund);
    }

    /// @notice See IReservations.
    function expire(uint256[] calldata ids) external {
        for (uint256 i = 0; i < ids.length; i++) {
            ReservationRecord storage r = _inStatus(ids[i], ReservationStatus.Active);
            uint40 end = r.endEpoch;
            // A unit without reservations can retire, and is attested no more: the leaf that settles this one comes first.
            bool attested = uint40(_head) >= end || _currentEpoch() > end + _economics.escapeEpochs;
            if (r.capacityFreed || _currentEpoch() <= end || !attested) revert IReservations.NotAllowed();
            r.capacityFreed = true;
            _freeCapacity(_units[r.unitId], r.capacityBytes);
            emit IReservations.CapacityFreed(ids[i]);
        }
    }

    function selectors() external pure returns (bytes4[] memory list) {
        list = new bytes4[](12);
        list[0] = IReservations.depositFor.selector;
        list[1] = IReservations.reserve.selector;
        list[2] = IReservations.activate.selector;
        list[3] = IReservations.cancel.selector;
        list[4] = IReservations.depositWithPermit.selector;
        list[5] = IReservations.reserveBatch.selector;
        list[6] = IReservations.reserveAndActivate.selector;
        list[7] = IReservations.reject.selector;
        list[8] = IReservations.topUp.selector;
        list[9] = IReservations.extend.selector;
        list[10] = IReservations.release.selector;
        list[11] = IReservations.expire.selector;
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

    /// @dev Starts a held reservation; the leaf is proven already.
    function _activate(uint256 id, UnitLeaf calldata leaf) private {
        ReservationRecord storage r = _inStatus(id, ReservationStatus.Held);
        if (_currentEpoch() > r.lastEpoch) revert IReservations.HoldExpired(r.lastEpoch);
        if (r.unitId != leaf.unitId) revert IReservations.WrongUnitLeaf();
        if (leaf.epoch != uint40(_head) || leaf.epoch + BASELINE_AGE < _currentEpoch()) {
            revert IReservations.StaleBaseline(leaf.epoch);
        }
        if (!_takesReservations(leaf.state)) revert IReservations.NotAdmitted(leaf.unitId);
        UnitRecord storage unit = _units[leaf.unitId];
        if (unit.manualAccept && msg.sender != unit.operator && msg.sender != unit.provider) {
            revert IReservations.NotAllowed();
        }
        uint40 end = r.endEpoch + leaf.epoch;
        r.status = ReservationStatus.Active;
        r.endEpoch = end;
        r.lastEpoch = leaf.epoch;
        r.paidBpsSum = leaf.paidBpsSum;
        r.era = leaf.era;
        r.lastRatioBps = NO_RATIO;
        emit IReservations.ReservationActivated(id, leaf.epoch, end, leaf.paidBpsSum);
    }

    function _deposit(address token, address account, uint256 amount) private returns (uint256 received) {
        if (!_listed[token]) revert IProviders.TokenNotListed(token);
        received = _pull(token, msg.sender, amount);
        if (received == 0) revert IReservations.InvalidAmount();
        _credit(token, account, received);
        emit IReservations.Deposited(token, account, received);
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

    function _giveUpHold(uint256 id, ReservationRecord storage r, ReservationStatus status) private {
        UnitRecord storage unit = _units[r.unitId];
        uint256 refund = uint256(r.ratePerEpoch) * r.endEpoch;
        _freeCapacity(unit, r.capacityBytes);
        refund += _close(id, r, status);
        _credit(unit.token, r.consumer, refund);
    }
}
