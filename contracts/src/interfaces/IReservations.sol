// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {UnitLeaf} from "../types/Leaves.sol";
import {Reservation, ReservationStatus, ReserveRequest} from "../types/Records.sol";

/// @title Reservations, escrow and settlement
interface IReservations {
    /// @notice Capacity was held and paid for; `deposit` covers `epochs` at `ratePerEpoch`.
    event ReservationHeld(
        uint256 indexed id,
        bytes32 indexed unitId,
        address indexed consumer,
        uint64 capacityBytes,
        uint32 epochs,
        uint96 ratePerEpoch,
        uint256 deposit
    );
    /// @notice The reservation runs: epochs after `lastEpoch` up to `endEpoch` are paid.
    event ReservationActivated(uint256 indexed id, uint40 lastEpoch, uint40 endEpoch, uint64 paidBpsSum);
    /// @notice Epochs up to `lastEpoch` are settled: `paid` is the provider's (fee included), `refunded` the consumer's.
    event ReservationSettled(uint256 indexed id, uint40 lastEpoch, uint256 paid, uint256 refunded);
    /// @notice Money was added to a reservation, for extensions or its refund.
    event ReservationToppedUp(uint256 indexed id, address indexed from, uint256 amount);
    /// @notice Epochs up to `endEpoch` are paid now.
    event ReservationExtended(uint256 indexed id, uint40 endEpoch, uint256 deposit);
    /// @notice The consumer gave the epochs after `endEpoch` back.
    event ReservationReleased(uint256 indexed id, uint40 endEpoch, uint256 refunded);
    /// @notice The capacity of a reservation past its end was given back before it was settled.
    event CapacityFreed(uint256 indexed id);
    /// @notice The reservation ended.
    event ReservationClosed(uint256 indexed id, ReservationStatus status);
    /// @notice Money came in for an account.
    event Deposited(address indexed token, address indexed account, uint256 amount);
    /// @notice An account took its money out.
    event Withdrawn(address indexed token, address indexed account, address to, uint256 amount);

    /// @notice The reservation is not in a status that allows this.
    error WrongStatus(ReservationStatus status);
    /// @notice The unit takes no reservations now.
    error NotAdmitted(bytes32 unitId);
    /// @notice More than the unit may still take.
    error CapacityExceeded(uint256 requested, uint256 available);
    /// @notice The price is higher than agreed.
    error PriceTooHigh(uint256 price);
    /// @notice An amount or duration is zero or too large.
    error InvalidAmount();
    /// @notice The hold is past its deadline.
    error HoldExpired(uint40 deadline);
    /// @notice The leaf is not the last accepted one, or older than 3 epochs.
    error StaleBaseline(uint40 epoch);
    /// @notice The leaf belongs to another unit, or another era.
    error WrongUnitLeaf();
    /// @notice The reservation is settled up to this epoch or beyond.
    error AlreadySettled(uint40 lastEpoch);
    /// @notice An earlier leaf at or after the end is still provable.
    error NotFirstAfterEnd(uint40 endEpoch);
    /// @notice Less arrived than was needed.
    error InsufficientDeposit(uint256 received, uint256 required);
    /// @notice The caller may not do this.
    error NotAllowed();

    /// @notice Credits an account with what arrives. The credit pays reservations or is withdrawn.
    function depositFor(address token, address account, uint256 amount) external returns (uint256 received);

    /// @notice Holds capacity of a unit; the deposit comes from the caller's credit, then from its allowance.
    /// @return id The reservation.
    function reserve(ReserveRequest calldata request) external returns (uint256 id);

    /// @notice Starts a held reservation from the unit's leaf under the last accepted root.
    /// @dev Anyone if the unit accepts by itself, else the unit's provider.
    function activate(uint256 id, UnitLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof) external;

    /// @notice Settles reservations of one unit up to the leaf's epoch. Anyone may call it.
    /// @param leaf The unit's leaf.
    /// @param prevEpoch Epoch of the attestation before the leaf's.
    /// @param proof Merkle proof of the leaf.
    /// @param ids Reservations of that unit.
    function settle(UnitLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof, uint256[] calldata ids) external;

    /// @notice Gives a held reservation up: its consumer at any time, anyone after its deadline. Refunds everything.
    function cancel(uint256 id) external;

    /// @notice Settles reservations of several units with one multiproof; all leaves are of one epoch.
    /// @param leaves One leaf a unit, in the order of the tree's multiproof.
    /// @param ids Reservations of each leaf's unit.
    /// @param prevEpoch Epoch of the attestation before the leaves'.
    /// @param proof Multiproof.
    /// @param proofFlags Flags of the multiproof.
    function settleMany(
        UnitLeaf[] calldata leaves,
        uint256[][] calldata ids,
        uint40 prevEpoch,
        bytes32[] calldata proof,
        bool[] calldata proofFlags
    ) external;

    /// @notice As `depositFor`, with an EIP-2612 permit of the caller. A permit that was used already does no harm.
    function depositWithPermit(
        address token,
        address account,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint256 received);

    /// @notice `reserve` for several units: all of them or none.
    function reserveBatch(ReserveRequest[] calldata requests) external returns (uint256[] memory ids);

    /// @notice `reserve` and `activate` in one, for units that accept by themselves.
    function reserveAndActivate(
        ReserveRequest calldata request,
        UnitLeaf calldata leaf,
        uint40 prevEpoch,
        bytes32[] calldata proof
    ) external returns (uint256 id);

    /// @notice Refuses a held reservation and refunds everything. The unit's provider only.
    function reject(uint256 id) external;

    /// @notice Adds money to an active reservation. It pays extensions; what is left goes back at the end. Anyone.
    function topUp(uint256 id, uint96 amount) external;

    /// @notice Pays further epochs at the same rate, from the surplus, the caller's credit, its allowance. Consumer only.
    function extend(uint256 id, uint32 epochs) external;

    /// @notice Gives back the epochs after the next one and their money. Consumer only.
    function release(uint256 id) external;

    /// @notice Gives back the capacity of reservations past their end that nobody settled yet, once a root of the end or later
    /// is accepted, or the escape period has passed without one. Anyone.
    function expire(uint256[] calldata ids) external;

    /// @notice Sends the caller's credit.
    /// @param token Token.
    /// @param to Receiver.
    /// @return amount What was sent.
    function withdraw(address token, address to) external returns (uint256 amount);

    /// @notice A reservation.
    function reservation(uint256 id) external view returns (Reservation memory);
    /// @notice Number of reservations ever made, which is also the newest one's id.
    function reservationCount() external view returns (uint256);
    /// @notice What an account may withdraw or spend.
    function creditOf(address token, address account) external view returns (uint256);
}
