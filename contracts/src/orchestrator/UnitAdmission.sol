// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {OrchestratorBase} from "./OrchestratorBase.sol";
import {IAttestations} from "../interfaces/IAttestations.sol";
import {IProviders} from "../interfaces/IProviders.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {UnitLeaf} from "../types/Leaves.sol";
import {UnitStatus} from "../types/Records.sol";

/// @title Attested states: what admits a unit, and when it takes reservations
abstract contract UnitAdmission is OrchestratorBase {
    uint8 internal constant STATE_VETTING = 1;
    uint8 internal constant STATE_WARNED = 3;
    uint8 internal constant STATE_REMOVED = 6;

    /// @dev Proves a unit's leaf and takes its state over, if it is newer than the last one.
    function _takeState(UnitLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof)
        internal
        returns (bool taken)
    {
        if (leaf.tag != 1) revert IAttestations.WrongLeaf();
        _requireProven(Hashing.leaf(leaf), leaf.epoch, prevEpoch, proof);
        UnitRecord storage unit = _units[leaf.unitId];
        if (unit.operator == address(0)) revert IProviders.UnknownUnit(leaf.unitId);
        // Epoch 0 is newer than nothing.
        bool first = unit.stateEpoch == 0 && unit.attestedState == 0;
        if (leaf.epoch <= unit.stateEpoch && !first) return false;
        unit.stateEpoch = leaf.epoch;
        unit.attestedState = leaf.state;
        emit IProviders.UnitStateApplied(leaf.unitId, leaf.state, leaf.epoch);
        if (unit.status == UnitStatus.Pending && _takesReservations(leaf.state)) {
            unit.admittedEpoch = _currentEpoch();
            unit.status = UnitStatus.Active;
            emit IProviders.UnitStatusChanged(leaf.unitId, UnitStatus.Active);
        } else if (leaf.state == STATE_REMOVED && unit.status != UnitStatus.Retired && _mayRetire(unit)) {
            _retire(leaf.unitId, unit);
        }
        return true;
    }

    /// @dev Vetting, Active, Warned.
    function _takesReservations(uint8 state) internal pure returns (bool) {
        return state >= STATE_VETTING && state <= STATE_WARNED;
    }

    /// @dev Oracles attest no retired unit, so nothing may depend on its leaves any more: no reservation, no noticed loss.
    function _mayRetire(UnitRecord storage unit) internal view returns (bool) {
        return unit.reservedBytes == 0 && _currentEpoch() >= _noticeEnd(unit);
    }

    /// @dev Epoch from which a noticed loss stands in nobody's way. Bounded: without attestations nothing confirms it.
    function _noticeEnd(UnitRecord storage unit) internal view returns (uint40) {
        if (unit.incidentsNoticed <= unit.incidentsSlashed) return 0;
        return unit.noticeEpoch + _economics.disputeEpochs + _economics.escapeEpochs;
    }

    /// @dev A retired unit leaves the figures for good.
    function _retire(bytes32 unitId, UnitRecord storage unit) internal {
        unit.status = UnitStatus.Retired;
        ProviderRecord storage owner = _providers[unit.operator];
        owner.units -= 1;
        owner.capacityBytes -= unit.capacityBytes;
        _totals.units -= 1;
        _totals.capacityBytes -= unit.capacityBytes;
        emit IProviders.UnitStatusChanged(unitId, UnitStatus.Retired);
    }

    /// @dev The status with an announced maintenance window taken into account.
    function _statusOf(UnitRecord storage unit) internal view returns (UnitStatus) {
        UnitStatus status = unit.status;
        uint40 epoch = _currentEpoch();
        bool inWindow = epoch >= unit.maintenanceFrom && epoch < unit.maintenanceUntil;
        return status == UnitStatus.Active && inWindow ? UnitStatus.Maintenance : status;
    }
}
