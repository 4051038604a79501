// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Constants} from "./OrchestratorBase.sol";
import {Module} from "./Module.sol";
import {SettlementCore} from "./SettlementCore.sol";
import {IAttestations} from "../interfaces/IAttestations.sol";
import {IDisputes} from "../interfaces/IDisputes.sol";
import {IOraclePay} from "../interfaces/IOraclePay.sol";
import {IOracleSet} from "../interfaces/IOracleSet.sol";
import {IProviders} from "../interfaces/IProviders.sol";
import {IReservations} from "../interfaces/IReservations.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {OracleLeaf, UnitLeaf, VerdictLeaf} from "../types/Leaves.sol";
import {DisputeStatus, ReservationStatus} from "../types/Records.sol";

/// @title Disputes, the escape, penalties, pay of the oracles
contract DisputesModule is Module, SettlementCore {
    uint8 internal constant KINDS = 4;
    uint8 internal constant UPHELD = 1;
    uint8 internal constant REJECTED = 2;
    uint8 internal constant NEUTRAL = 3;
    uint8 internal constant STATE_REMOVED = 6;

    constructor(Constants memory constants_) Module(constants_) {}

    /// @notice See IDisputes.
    function openDispute(uint256 reservationId, uint8 kind, uint128 amount, bytes32 evidenceHash)
        external
        nonReentrant
        returns (uint256 disputeId)
    {
        ReservationRecord storage r = _inStatus(reservationId, ReservationStatus.Active);
        UnitRecord storage unit = _units[r.unitId];
        // The consumer's alone: a provider could otherwise occupy the one open dispute that a reservation may have.
        if (msg.sender != r.consumer) revert IReservations.NotAllowed();
        if (kind >= KINDS) revert IDisputes.InvalidKind(kind);
        if (r.disputed) revert IDisputes.DisputeExists(r.disputeId);
        uint256 escrow = uint256(r.ratePerEpoch) * (r.endEpoch - r.lastEpoch);
        if (amount > escrow) revert IReservations.InvalidAmount();
        disputeId = ++_disputeCount;
        r.disputed = true;
        r.disputeId = uint56(disputeId);
        uint40 deadline = _currentEpoch() + _economics.disputeEpochs;
        _disputes[disputeId] = DisputeRecord({
            opener: msg.sender,
            status: DisputeStatus.Open,
            kind: kind,
            openedEpoch: _currentEpoch(),
            deadline: deadline,
            amount: amount,
            frozen: 0,
            deposit: _economics.disputeDeposit,
            reservationId: uint128(reservationId)
        });
        _charge(unit.token, _economics.disputeDeposit);
        emit IDisputes.DisputeOpened(disputeId, reservationId, msg.sender, kind, amount, deadline, evidenceHash);
    }

    /// @notice See IDisputes.
    function resolveDispute(VerdictLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof) external {
        if (leaf.tag != 3) revert IAttestations.WrongLeaf();
        _requireProven(Hashing.leaf(leaf), leaf.epoch, prevEpoch, proof);
        DisputeRecord storage d = _open(leaf.disputeId);
        if (_currentEpoch() > d.deadline) revert IDisputes.DisputeDeadline(d.deadline);
        if (leaf.verdict < UPHELD || leaf.verdict > NEUTRAL || leaf.epoch <= d.openedEpoch) {
            revert IDisputes.NoVerdict();
        }
        _end(leaf.disputeId, d, leaf.verdict, DisputeStatus.Resolved);
    }

    /// @notice See IDisputes.
    function expireDispute(uint256 disputeId) external {
        DisputeRecord storage d = _open(disputeId);
        if (_currentEpoch() <= d.deadline) revert IDisputes.DisputeDeadline(d.deadline);
        _end(disputeId, d, NEUTRAL, DisputeStatus.Expired);
    }

    /// @notice See IDisputes.
    function openEscape(uint256 reservationId) external {
        ReservationRecord storage r = _inStatus(reservationId, ReservationStatus.Active);
        uint40 earliest = r.lastEpoch + _economics.escapeEpochs;
        if (_currentEpoch() < earliest) revert IDisputes.NotBefore(earliest);
        if (r.escaping) revert IDisputes.NotBefore(r.escapeEpoch);
        r.escaping = true;
        r.escapeEpoch = _currentEpoch() + _economics.challengeEpochs + 1;
        emit IDisputes.EscapeOpened(reservationId, r.escapeEpoch);
    }

    /// @notice See IDisputes.
    function executeEscape(uint256 reservationId) external {
        ReservationRecord storage r = _inStatus(reservationId, ReservationStatus.Active);
        if (!r.escaping) revert IDisputes.EscapeNotOpen();
        if (_currentEpoch() < r.escapeEpoch) revert IDisputes.NotBefore(r.escapeEpoch);
        UnitRecord storage unit = _units[r.unitId];
        uint40 until = _currentEpoch() < r.endEpoch ? _currentEpoch() : r.endEpoch;
        uint256 escrow = uint256(r.ratePerEpoch) * (r.endEpoch - r.lastEpoch);
        uint256 ratio = r.lastRatioBps == NO_RATIO ? 0 : r.lastRatioBps;
        uint256 paid = uint256(r.ratePerEpoch) * (until - r.lastEpoch) * ratio / 10_000;
        uint256 refund = escrow - paid;
        r.lastEpoch = until;
        emit IReservations.ReservationSettled(reservationId, until, paid, refund);
        if (r.disputed) paid -= _withhold(_disputes[r.disputeId], paid);
        _book(unit.operator, unit.token, paid, refund);
        if (!r.capacityFreed) _freeCapacity(unit, r.capacityBytes);
        refund += _close(reservationId, r, r.released ? ReservationStatus.Released : ReservationStatus.Expired);
        _credit(unit.token, r.consumer, refund);
    }

    /// @notice See IDisputes.
    function noticeLoss(UnitLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof) external {
        UnitRecord storage unit = _provenUnit(leaf, prevEpoch, proof);
        bool pending = unit.incidentsNoticed > unit.incidentsSlashed;
        // A root from before the last notice tells nothing new, and could be brought again and again.
        bool old = unit.noticeEpoch != 0 && leaf.epoch <= unit.noticeEpoch;
        if (pending || old || leaf.lossIncidents <= unit.incidentsSlashed) revert IDisputes.NoNewLoss();
        unit.incidentsNoticed = leaf.lossIncidents;
        unit.noticeEpoch = _currentEpoch();
        emit IDisputes.LossNoticed(leaf.unitId, leaf.lossIncidents, _currentEpoch() + _economics.disputeEpochs);
    }

    /// @notice See IDisputes.
    function slashLoss(UnitLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof) external {
        UnitRecord storage unit = _provenUnit(leaf, prevEpoch, proof);
        uint32 slashed = unit.incidentsSlashed;
        if (unit.incidentsNoticed <= slashed) revert IDisputes.NoNewLoss();
        uint40 earliest = unit.noticeEpoch + _economics.disputeEpochs;
        if (leaf.epoch < earliest) revert IDisputes.NotBefore(earliest);
        uint32 confirmed = leaf.lossIncidents < unit.incidentsNoticed ? leaf.lossIncidents : unit.incidentsNoticed;
        if (confirmed <= slashed) {
            // The dispute window did its work: the oracles tested again and took it back.
            unit.incidentsNoticed = slashed;
            emit IDisputes.LossWithdrawn(leaf.unitId, leaf.lossIncidents);
            return;
        }
        unit.incidentsSlashed = confirmed;
        unit.incidentsNoticed = confirmed;
        uint256 amount = _withinCap(unit, uint256(confirmed - slashed) * _economics.lossSlash);
        _slash(unit.operator, leaf.unitId, confirmed - slashed, amount);
    }

    /// @notice See IDisputes.
    function slashAbandonment(UnitLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof) external {
        UnitRecord storage unit = _provenUnit(leaf, prevEpoch, proof);
        if (leaf.state != STATE_REMOVED || leaf.epoch != uint40(_head) || unit.reservedBytes == 0 || unit.abandoned) {
            revert IDisputes.NotAbandoned();
        }
        unit.abandoned = true;
        _slash(unit.operator, leaf.unitId, 0, _economics.abandonmentSlash);
    }

    /// @notice See IOraclePay.
    function claimPoints(OracleLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof, address token)
        external
        returns (uint256 amount)
    {
        if (leaf.tag != 2) revert IAttestations.WrongLeaf();
        _requireProven(Hashing.leaf(leaf), leaf.epoch, prevEpoch, proof);
        address operator = IOracleSet(ORACLE_SET).operatorOf(leaf.node);
        uint256 value = _pointValue[token];
        uint64 claimed = _claimedPoints[leaf.era][leaf.node][token];
        if (operator == address(0) || value == 0 || leaf.points <= claimed) revert IOraclePay.NothingToClaim();
        uint256 points = leaf.points - claimed;
        uint256 affordable = (_feeOf(_ledger[token].paid) - _feesClaimed[token]) / value;
        if (points > affordable) points = affordable;
        if (points == 0) revert IOraclePay.NothingToClaim();
        amount = points * value;
        _claimedPoints[leaf.era][leaf.node][token] = claimed + uint64(points);
        _feesClaimed[token] += amount;
        _credit(token, operator, amount);
        emit IOraclePay.PointsClaimed(leaf.node, token, uint64(points), amount);
    }

    function selectors() external pure returns (bytes4[] memory list) {
        list = new bytes4[](9);
        list[0] = IDisputes.openDispute.selector;
        list[1] = IDisputes.resolveDispute.selector;
        list[2] = IDisputes.expireDispute.selector;
        list[3] = IDisputes.openEscape.selector;
        list[4] = IDisputes.executeEscape.selector;
        list[5] = IDisputes.noticeLoss.selector;
        list[6] = IDisputes.slashLoss.selector;
        list[7] = IDisputes.slashAbandonment.selector;
        list[8] = IOraclePay.claimPoints.selector;
    }

    /// @dev Frozen money and deposit go where the verdict sends them; nothing stays.
    function _end(uint256 disputeId, DisputeRecord storage d, uint8 verdict, DisputeStatus status) private {
        ReservationRecord storage r = _reservations[d.reservationId];
        UnitRecord storage unit = _units[r.unitId];
        d.status = status;
        r.disputed = false;
        uint256 frozen = d.frozen;
        // Neutral leaves what the attested leaves said.
        address frozenTo = verdict == UPHELD ? r.consumer : unit.operator;
        if (verdict == UPHELD) {
            _book(unit.operator, unit.token, 0, frozen);
            _credit(unit.token, r.consumer, frozen);
        } else {
            _book(unit.operator, unit.token, frozen, 0);
        }
        address depositTo = verdict == REJECTED ? unit.operator : r.consumer;
        _credit(unit.token, depositTo, d.deposit);
        emit IDisputes.DisputeResolved(disputeId, verdict, frozen, frozenTo, depositTo);
    }

    /// @dev Part of a slash that the unit's cap of 30 days leaves.
    function _withinCap(UnitRecord storage unit, uint256 amount) private returns (uint256) {
        if (_currentEpoch() >= unit.periodEpoch + 30 * uint40(DAY_EPOCHS)) {
            unit.periodEpoch = _currentEpoch();
            unit.periodSlashed = 0;
        }
        uint256 left = _economics.lossSlashCap - unit.periodSlashed;
        if (amount > left) amount = left;
        unit.periodSlashed += uint128(amount);
        return amount;
    }

    /// @dev Reward to the caller, the rest to the treasury; what is being withdrawn is not out of reach.
    function _slash(address operator, bytes32 unitId, uint32 incidents, uint256 amount) private {
        ProviderRecord storage own = _providers[operator];
        if (amount > own.bond) amount = own.bond;
        own.bond -= uint128(amount);
        if (own.unbonding > own.bond) own.unbonding = own.bond;
        own.slashed += uint128(amount);
        _totalSlashed += uint128(amount);
        uint256 reward = amount / 10 < _economics.reporterReward ? amount / 10 : _economics.reporterReward;
        _credit(BOND_TOKEN, msg.sender, reward);
        _credit(BOND_TOKEN, _treasury, amount - reward);
        emit IDisputes.ProviderSlashed(operator, unitId, incidents, amount, msg.sender);
    }

    function _provenUnit(UnitLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof)
        private
        view
        returns (UnitRecord storage unit)
    {
        if (leaf.tag != 1) revert IAttestations.WrongLeaf();
        _requireProven(Hashing.leaf(leaf), leaf.epoch, prevEpoch, proof);
        unit = _units[leaf.unitId];
        if (unit.operator == address(0)) revert IProviders.UnknownUnit(leaf.unitId);
    }

    function _open(uint256 disputeId) private view returns (DisputeRecord storage d) {
        d = _disputes[disputeId];
        if (d.status != DisputeStatus.Open) revert IDisputes.DisputeNotOpen(disputeId);
    }
}
