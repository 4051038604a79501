// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {EvaluationParams, EvaluationTerm, EconomicParams} from "../types/Parameters.sol";
import {DisputeStatus, ReservationStatus, UnitStatus} from "../types/Records.sol";

/// @title What the Orchestrator remembers
/// @dev First base of the Orchestrator and of every module, so that all of them see one layout. Fields are packed by which
/// transaction touches them; a struct's comment gives its slots.
abstract contract OrchestratorStorage {
    /// @dev One slot: what an attestation of epochs [since, until) must name. `digest` truncates
    /// keccak256(setId, paramsHash, evaluatorVersion); it is a cache of the OracleSet and of `_evaluations`.
    struct LiveTerm {
        uint40 since;
        uint40 until;
        bytes22 digest;
    }

    struct ProviderRecord {
        // 0
        address node;
        uint32 units;
        uint40 unbondEpoch;
        // 1
        uint128 bond;
        uint128 unbonding;
        // 2
        uint96 capacityBytes;
        uint96 reservedBytes;
        // 3
        uint128 slashed;
    }

    struct UnitRecord {
        // 0
        address operator;
        UnitStatus status;
        uint8 kind;
        uint8 attestedState;
        bool manualAccept;
        uint40 stateEpoch;
        // 1
        address token;
        uint40 admittedEpoch;
        bool abandoned;
        // 2
        uint128 pricePerGibEpoch;
        uint64 capacityBytes;
        uint64 reservedBytes;
        // 3
        address provider;
        // 4
        bytes32 termsHash;
        // 5: maintenance window and what was used of the month that began at `monthEpoch`
        uint40 maintenanceFrom;
        uint40 maintenanceUntil;
        uint40 monthEpoch;
        uint32 monthUsed;
        // 6: loss incidents that were slashed, noticed, and what they cost in the period
        uint32 incidentsSlashed;
        uint32 incidentsNoticed;
        uint40 noticeEpoch;
        uint40 periodEpoch;
        // 7
        uint128 periodSlashed;
    }

    struct ReservationRecord {
        // 0: written when the status changes
        address consumer;
        ReservationStatus status;
        uint40 endEpoch;
        bool disputed;
        bool escaping;
        bool capacityFreed;
        bool released;
        // 1: written by every settlement
        uint96 ratePerEpoch;
        uint64 paidBpsSum;
        uint40 lastEpoch;
        uint32 era;
        uint16 lastRatioBps;
        // 2
        bytes32 unitId;
        // 3
        uint96 surplus;
        uint64 capacityBytes;
        uint56 disputeId;
        uint40 escapeEpoch;
    }

    struct DisputeRecord {
        // 0
        address opener;
        DisputeStatus status;
        uint8 kind;
        uint40 openedEpoch;
        uint40 deadline;
        // 1
        uint128 amount;
        uint128 frozen;
        // 2
        uint128 deposit;
        uint128 reservationId;
    }

    /// @dev One slot.
    struct Ledger {
        uint128 paid;
        uint128 credited;
    }

    /// @dev One slot.
    struct Totals {
        uint64 units;
        uint96 capacityBytes;
        uint96 reservedBytes;
    }

    /// @dev Attested roots that can still be proven against.
    uint256 internal constant RING_SIZE = 4096;
    /// @dev `lastRatioBps` before any settlement.
    uint16 internal constant NO_RATIO = 10_001;

    /// @dev First 216 bits of the root, then the epoch in 40 bits.
    uint256 internal _head;
    LiveTerm internal _live;
    uint32 internal _era;
    bool internal _paused;
    bytes32[RING_SIZE] internal _ring;
    EvaluationTerm[] internal _evaluations;
    mapping(bytes32 paramsHash => EvaluationParams) internal _evaluationParams;

    EconomicParams internal _economics;
    mapping(address token => uint256) internal _pointValue;
    mapping(address token => bool) internal _listed;
    mapping(bytes4 selector => address) internal _modules;

    mapping(address operator => ProviderRecord) internal _providers;
    mapping(address node => address operator) internal _providerOperator;
    mapping(bytes32 unitId => UnitRecord) internal _units;
    uint256 internal _unitCount;
    Totals internal _totals;
    uint128 internal _totalSlashed;

    mapping(uint256 id => ReservationRecord) internal _reservations;
    uint256 internal _reservationCount;
    mapping(address token => mapping(address account => uint256)) internal _credits;
    mapping(address token => Ledger) internal _ledger;
    mapping(address operator => mapping(address token => Ledger)) internal _providerLedger;

    mapping(uint256 disputeId => DisputeRecord) internal _disputes;
    uint256 internal _disputeCount;
    address internal _treasury;
    mapping(address token => uint256) internal _feesClaimed;
    mapping(uint32 era => mapping(address node => mapping(address token => uint64))) internal _claimedPoints;
}
