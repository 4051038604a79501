// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {OrchestratorBase} from "./OrchestratorBase.sol";
import {IAttestations} from "../interfaces/IAttestations.sol";
import {IReservations} from "../interfaces/IReservations.sol";
import {UnitLeaf} from "../types/Leaves.sol";
import {ReservationStatus} from "../types/Records.sol";

/// @title Paying reservations by attested leaves
/// @dev Each reservation costs one slot write and its consumer's credit; what belongs to the unit's provider is summed over
/// the call and written once.
abstract contract SettlementCore is OrchestratorBase {
    /// @dev What a call has settled of one unit.
    struct Sums {
        uint256 paid;
        uint256 credited;
        uint64 freedBytes;
    }

    /// @dev Settles reservations of the leaf's unit. The leaf is proven already.
    function _settleUnit(UnitLeaf calldata leaf, uint40 prevEpoch, uint256[] calldata ids) internal {
        UnitRecord storage unit = _units[leaf.unitId];
        address token = unit.token;
        Sums memory sums;
        for (uint256 i = 0; i < ids.length; i++) {
            _settleOne(leaf, prevEpoch, ids[i], token, sums);
        }
        _book(unit.operator, token, sums.paid, sums.credited);
        if (sums.freedBytes != 0) _freeCapacity(unit, sums.freedBytes);
    }

    function _settleOne(UnitLeaf calldata leaf, uint40 prevEpoch, uint256 id, address token, Sums memory sums) private {
        ReservationRecord storage r = _reservations[id];
        if (r.status != ReservationStatus.Active) revert IReservations.WrongStatus(r.status);
        uint40 last = r.lastEpoch;
        uint40 end = r.endEpoch;
        uint40 epoch = leaf.epoch;
        if (epoch <= last) revert IReservations.AlreadySettled(last);
        if (r.unitId != leaf.unitId || r.era != leaf.era) revert IReservations.WrongUnitLeaf();
        if (epoch > end) _requireFirstAfter(end, epoch, prevEpoch);

        uint256 due = uint256(r.ratePerEpoch) * ((epoch < end ? epoch : end) - last);
        uint256 span = uint256(epoch - last) * 10_000;
        uint256 earned = leaf.paidBpsSum > r.paidBpsSum ? leaf.paidBpsSum - r.paidBpsSum : 0;
        if (earned > span) earned = span;
        uint256 paid = due * earned / span;
        uint256 refund = due - paid;

        r.paidBpsSum = leaf.paidBpsSum;
        r.lastEpoch = epoch < end ? epoch : end;
        r.lastRatioBps = uint16(earned * 10_000 / span);
        emit IReservations.ReservationSettled(id, epoch < end ? epoch : end, paid, refund);
        // A newer leaf is the answer to an open escape.
        if (r.escaping) r.escaping = false;
        if (r.disputed) paid -= _withhold(_disputes[r.disputeId], paid);
        sums.paid += paid;
        sums.credited += refund;
        if (epoch >= end) {
            if (!r.capacityFreed) sums.freedBytes += r.capacityBytes;
            refund += _close(id, r, r.released ? ReservationStatus.Released : ReservationStatus.Expired);
        }
        _credit(token, r.consumer, refund);
    }

    /// @dev A leaf beyond the end tells about epochs that are not paid: only the first one may be used, so that nobody
    /// picks the ratio. Once that root has left the ring, the oldest one that is left counts as the first.
    function _requireFirstAfter(uint40 end, uint40 epoch, uint40 prevEpoch) private view {
        uint256 lastEpoch = uint40(_head);
        bool kept = uint256(epoch) + RING_SIZE > lastEpoch;
        bool first = prevEpoch < end || uint256(prevEpoch) + RING_SIZE <= lastEpoch;
        if (!kept || !first) revert IReservations.NotFirstAfterEnd(end);
    }

    /// @dev What the provider earns while a dispute is open fills the disputed amount first.
    function _withhold(DisputeRecord storage d, uint256 paid) internal returns (uint256 withheld) {
        uint256 room = d.amount - d.frozen;
        withheld = paid < room ? paid : room;
        if (withheld != 0) d.frozen += uint128(withheld);
    }

    /// @dev Ends a reservation; its topped-up surplus goes back to the consumer.
    function _close(uint256 id, ReservationRecord storage r, ReservationStatus status) internal returns (uint256 surplus) {
        surplus = r.surplus;
        if (surplus != 0) r.surplus = 0;
        r.status = status;
        r.capacityFreed = true;
        emit IReservations.ReservationClosed(id, status);
    }

    /// @dev Pays a provider and keeps the figures. The fee is the difference of two floors of the running total, so that
    /// the pool is always exactly floor(total paid * fee) and needs no slot of its own.
    function _book(address operator, address token, uint256 paid, uint256 credited) internal {
        if (paid == 0 && credited == 0) return;
        Ledger storage total = _ledger[token];
        uint256 paidBefore = total.paid;
        uint256 fee = _feeOf(paidBefore + paid) - _feeOf(paidBefore);
        total.paid += uint128(paid);
        total.credited += uint128(credited);
        Ledger storage own = _providerLedger[operator][token];
        own.paid += uint128(paid);
        own.credited += uint128(credited);
        _credit(token, operator, paid - fee);
    }

    /// @dev Protocol fee of a running total.
    function _feeOf(uint256 paid) internal view returns (uint256) {
        return paid * FEE_BPS / 10_000;
    }

    function _freeCapacity(UnitRecord storage unit, uint64 freed) internal {
        unit.reservedBytes -= freed;
        _providers[unit.operator].reservedBytes -= freed;
        _totals.reservedBytes -= freed;
    }

    /// @dev From the caller's credit first, then from its allowance.
    function _charge(address token, uint256 amount) internal {
        uint256 credit = _credits[token][msg.sender];
        uint256 used = credit < amount ? credit : amount;
        if (used != 0) _credits[token][msg.sender] = credit - used;
        if (used < amount) _pullExactly(token, msg.sender, amount - used);
    }

    function _inStatus(uint256 id, ReservationStatus status) internal view returns (ReservationRecord storage r) {
        r = _reservations[id];
        if (r.status != status) revert IReservations.WrongStatus(r.status);
    }
}
