// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {UnitLeaf, VerdictLeaf} from "../types/Leaves.sol";
import {Dispute} from "../types/Records.sol";

/// @title Disputes, the escape, penalties of providers
interface IDisputes {
    /// @notice A dispute was opened. `kind`: 0 availability, 1 integrity, 2 latency, 3 throughput.
    event DisputeOpened(
        uint256 indexed disputeId,
        uint256 indexed reservationId,
        address indexed opener,
        uint8 kind,
        uint256 amount,
        uint40 deadline,
        bytes32 evidenceHash
    );
    /// @notice A dispute ended. `verdict`: 1 upheld, 2 rejected, 3 neutral (also when nobody answered in time).
    event DisputeResolved(uint256 indexed disputeId, uint8 verdict, uint256 frozen, address frozenTo, address depositTo);
    /// @notice A reservation's escape was opened; a newer leaf answers it until `executableFrom`.
    event EscapeOpened(uint256 indexed reservationId, uint40 executableFrom);
    /// @notice An attested loss was noticed; it can be slashed once a leaf of `executableFrom` or later confirms it.
    event LossNoticed(bytes32 indexed unitId, uint32 incidents, uint40 executableFrom);
    /// @notice A noticed loss was not confirmed.
    event LossWithdrawn(bytes32 indexed unitId, uint32 incidents);
    /// @notice A provider lost a part of its bond. `incidents` 0: for abandonment.
    event ProviderSlashed(
        address indexed operator, bytes32 indexed unitId, uint32 incidents, uint256 amount, address reporter
    );

    /// @notice Only disputes of the closed set of re-testable kinds.
    error InvalidKind(uint8 kind);
    /// @notice The reservation has an open dispute.
    error DisputeExists(uint256 disputeId);
    /// @notice The dispute is not open.
    error DisputeNotOpen(uint256 disputeId);
    /// @notice The dispute's deadline has passed, or has not.
    error DisputeDeadline(uint40 deadline);
    /// @notice The leaf holds no verdict on this, or is older than the dispute.
    error NoVerdict();
    /// @notice Not yet.
    error NotBefore(uint40 epoch);
    /// @notice No escape is open.
    error EscapeNotOpen();
    /// @notice The leaf attests no loss that is not known already.
    error NoNewLoss();
    /// @notice The unit is not attested as removed, or has nothing reserved, or was slashed for it.
    error NotAbandoned();

    /// @notice Opens a dispute on an active reservation. Its consumer only; takes the deposit.
    /// @param reservationId The reservation.
    /// @param kind 0 availability, 1 integrity, 2 latency, 3 throughput.
    /// @param amount Most that is withheld from what the provider earns meanwhile; at most the escrow that is left.
    /// @param evidenceHash Commitment to the evidence, which travels between nodes.
    function openDispute(uint256 reservationId, uint8 kind, uint128 amount, bytes32 evidenceHash)
        external
        returns (uint256 disputeId);

    /// @notice Ends a dispute by the oracles' verdict. Anyone may bring it until the deadline.
    function resolveDispute(VerdictLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof) external;

    /// @notice Ends a dispute that nobody answered: neutral. Anyone, after the deadline.
    function expireDispute(uint256 disputeId) external;

    /// @notice Opens the escape of a reservation that was not settled for the escape period. Anyone.
    function openEscape(uint256 reservationId) external;

    /// @notice Closes a reservation whose escape nobody answered: by its last settled ratio, or a full refund without one.
    function executeEscape(uint256 reservationId) external;

    /// @notice Takes note of an attested data loss. Anyone.
    function noticeLoss(UnitLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof) external;

    /// @notice Slashes a noticed loss that a leaf from after the dispute window still shows. The caller gets the reward.
    function slashLoss(UnitLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof) external;

    /// @notice Slashes the provider of a unit that is attested as removed while capacity is reserved in it. Once a unit.
    function slashAbandonment(UnitLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof) external;

    /// @notice A dispute.
    function dispute(uint256 disputeId) external view returns (Dispute memory);
    /// @notice Number of disputes ever opened.
    function disputeCount() external view returns (uint256);
    /// @notice Receives what a provider's slash leaves after the reward.
    function treasury() external view returns (address);
}
