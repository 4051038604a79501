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
