// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev What the Orchestrator keeps, as its views return it.

/// @notice Contract status of a unit. `Maintenance` holds inside an announced window only.
enum UnitStatus {
    Pending,
    Active,
    Maintenance,
    Retired
}

enum ReservationStatus {
    None,
    Held,
    Active,
    Released,
    Expired,
    Cancelled,
    Rejected
}

enum DisputeStatus {
    None,
    Open,
    Resolved,
    Expired
}

/// @notice What became of a submitted attestation.
enum AttestationResult {
    Accepted,
    OutsideWindow,
    NotNewer,
    WrongParent,
    WrongSet,
    WrongParameters,
    BadSignatures
}

/// @notice The last accepted attestation.
/// @param epoch Its epoch.
/// @param root The first 27 bytes of its root.
struct Head {
    uint40 epoch;
    bytes27 root;
}

/// @notice A provider, by its operator.
/// @param node Node key address.
/// @param units Units that are not retired.
/// @param bond Bond, what is being withdrawn included.
/// @param unbonding Part of the bond that is being withdrawn.
/// @param unbondEpoch Epoch from which it can be taken.
/// @param capacityBytes Capacity of the units that are not retired.
/// @param reservedBytes Capacity that is reserved.
/// @param slashed Bond lost so far.
struct Provider {
    address node;
    uint32 units;
    uint128 bond;
    uint128 unbonding;
    uint40 unbondEpoch;
    uint96 capacityBytes;
    uint96 reservedBytes;
    uint128 slashed;
}

/// @notice A data unit. The rest of its terms are in its registration event, bound by `termsHash`.
/// @param operator Owner of bond and earnings.
/// @param provider Node key address that offered it.
/// @param token ERC-20 it is paid in.
/// @param kind 0 s3, 1 azure-blob, 2 gcs, 3 disk, 4 function.
/// @param status Status now.
/// @param attestedState State of the last leaf that was applied.
/// @param stateEpoch Epoch of that leaf.
/// @param autoAccept Whether anyone may activate a reservation of it.
/// @param admittedEpoch Epoch in which it left Pending; later by as much as growth has made its average byte younger.
/// @param capacityBytes Capacity.
/// @param reservedBytes Reserved, held reservations included.
/// @param pricePerGibEpoch Price.
/// @param termsHash EIP-712 struct hash of the terms as registered.
struct Unit {
    address operator;
    address provider;
    address token;
    uint8 kind;
    UnitStatus status;
    uint8 attestedState;
    uint40 stateEpoch;
    bool autoAccept;
    uint40 admittedEpoch;
    uint64 capacityBytes;
    uint64 reservedBytes;
    uint128 pricePerGibEpoch;
    bytes32 termsHash;
}

/// @notice A reservation.
/// @param consumer Who pays and is refunded.
/// @param unitId Unit.
/// @param status Status.
/// @param capacityBytes Reserved capacity.
/// @param ratePerEpoch Price of an epoch, all paid.
/// @param lastEpoch Last epoch that is settled; the baseline when just activated; the hold's deadline while held.
/// @param endEpoch Last epoch that is paid for; the number of epochs while held.
/// @param paidBpsSum The unit's `paidBpsSum` at `lastEpoch`.
/// @param era Era of the baseline.
/// @param lastRatioBps Part paid at the last settlement; 10,001 before any.
/// @param surplus Topped-up money beyond what the paid epochs need.
/// @param escapeEpoch Epoch from which the opened escape can be executed; 0: not opened.
/// @param disputeId Newest dispute; 0: none.
/// @param capacityFreed Whether its capacity was given back before it was closed.
struct Reservation {
    address consumer;
    bytes32 unitId;
    ReservationStatus status;
    uint64 capacityBytes;
    uint96 ratePerEpoch;
    uint40 lastEpoch;
    uint40 endEpoch;
    uint64 paidBpsSum;
    uint32 era;
    uint16 lastRatioBps;
    uint96 surplus;
    uint40 escapeEpoch;
    uint64 disputeId;
    bool capacityFreed;
}

/// @notice What a consumer asks for.
/// @param unitId Unit.
/// @param capacityBytes Bytes to reserve.
/// @param epochs Epochs to pay for.
/// @param maxPricePerGibEpoch Highest price the consumer agrees to.
struct ReserveRequest {
    bytes32 unitId;
    uint64 capacityBytes;
    uint32 epochs;
    uint128 maxPricePerGibEpoch;
}

/// @notice Figures of one provider, or of all, in one token.
/// @param units Units that are not retired.
/// @param capacityBytes Capacity of those units.
/// @param reservedBytes Reserved capacity.
/// @param paid Earned by providers from settlements, protocol fee included.
/// @param credited Given back to consumers for what was not delivered.
/// @param slashed Bond lost, in the bond token.
struct Stats {
    uint64 units;
    uint96 capacityBytes;
    uint96 reservedBytes;
    uint128 paid;
    uint128 credited;
    uint128 slashed;
}

/// @notice A dispute.
/// @param reservationId Reservation it is about.
/// @param opener The reservation's consumer, who opened it.
/// @param status Status.
/// @param kind 0 availability, 1 integrity, 2 latency, 3 throughput.
/// @param openedEpoch Epoch in which it was opened.
/// @param deadline Last epoch in which a verdict is taken.
/// @param amount Most that is withheld from the provider.
/// @param frozen Withheld so far.
/// @param deposit Deposit.
struct Dispute {
    uint256 reservationId;
    address opener;
    DisputeStatus status;
    uint8 kind;
    uint40 openedEpoch;
    uint40 deadline;
    uint128 amount;
    uint128 frozen;
    uint128 deposit;
}
