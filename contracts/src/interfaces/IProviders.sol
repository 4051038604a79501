// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {DataUnitTerms} from "../types/Messages.sol";
import {UnitLeaf} from "../types/Leaves.sol";
import {Provider, Unit, UnitStatus} from "../types/Records.sol";

/// @title Providers and data units
interface IProviders {
    /// @notice A provider was registered.
    event ProviderRegistered(address indexed operator, address indexed node, uint256 bond);
    /// @notice A provider's bond changed; `bond` is the new one.
    event ProviderBondChanged(address indexed operator, uint256 bond);
    /// @notice A unit was offered. The terms never change, the capacity may.
    event DataUnitRegistered(
        bytes32 indexed unitId, address indexed provider, address indexed operator, DataUnitTerms terms
    );
    /// @notice A unit's contract status changed.
    event UnitStatusChanged(bytes32 indexed unitId, UnitStatus status);
    /// @notice An attested state was brought in.
    event UnitStateApplied(bytes32 indexed unitId, uint8 state, uint40 epoch);
    /// @notice Whether anyone may activate reservations of the unit, or its provider only.
    event AutoAcceptChanged(bytes32 indexed unitId, bool autoAccept);

    /// @notice A unit's capacity changed.
    event CapacityChanged(bytes32 indexed unitId, uint64 capacityBytes);
    /// @notice Maintenance was announced for epochs [fromEpoch, untilEpoch).
    event MaintenanceAnnounced(bytes32 indexed unitId, uint40 fromEpoch, uint40 untilEpoch);
    /// @notice A provider asked for a part of its bond, which it can take from `fromEpoch` on.
    event UnbondRequested(address indexed operator, uint256 amount, uint40 fromEpoch);

    /// @notice The operator is already a provider.
    error ProviderExists();
    /// @notice The operator is not a provider.
    error UnknownProvider();
    /// @notice The node key already belongs to a provider.
    error ProviderNodeTaken();
    /// @notice The node key is zero or the operator's own.
    error InvalidNode();
    /// @notice The signature is not the provider's node key's.
    error InvalidSignature();
    /// @notice The advert is past its deadline.
    error AdvertExpired(uint40 deadline);
    /// @notice A term is outside its bounds.
    error InvalidTerm(bytes32 name);
    /// @notice The token is not listed.
    error TokenNotListed(address token);
    /// @notice The unit exists already.
    error UnitExists(bytes32 unitId);
    /// @notice The unit does not exist.
    error UnknownUnit(bytes32 unitId);
    /// @notice The unit is retired.
    error UnitIsRetired(bytes32 unitId);
    /// @notice The bond does not cover this.
    error ProviderBondTooLow(uint256 bond, uint256 required);
    /// @notice Less than what is reserved.
    error CapacityReserved(uint64 reservedBytes);
    /// @notice Too short a notice, more than a month's allowance, or a window is announced already.
    error MaintenanceRefused(uint40 earliestEpoch, uint32 epochsLeft);
    /// @notice The bond can't be taken before this epoch.
    error UnbondingUntil(uint40 epoch);
    /// @notice Nothing is being withdrawn.
    error NothingUnbonding();
    /// @notice A newer state is applied already.
    error StaleState(uint40 epoch);

    /// @notice Registers the caller as a provider and takes its bond.
    /// @param node Node key address, not the caller's.
    /// @param bondAmount Bond, at least the minimum.
    /// @param consent The node key's EIP-712 signature over `NodeConsent(address operator)`.
    function registerProvider(address node, uint128 bondAmount, bytes calldata consent) external;

    /// @notice Raises the caller's bond.
    function increaseProviderBond(uint128 amount) external;

    /// @notice Offers a unit. Called by the provider's node key or its operator.
    /// @return unitId `keccak256(abi.encode(terms.provider, terms.nonce))`
    function registerDataUnit(DataUnitTerms calldata terms) external returns (bytes32 unitId);

    /// @notice Offers a unit for a provider whose node key signed the terms. Anyone may relay it.
    /// @param terms Terms.
    /// @param signature 65 bytes: the provider's node key over the EIP-712 type `DataUnit`.
    function registerDataUnitFor(DataUnitTerms calldata terms, bytes calldata signature) external returns (bytes32 unitId);

    /// @notice Brings in a unit's attested state, newer than the last one. Anyone may call it.
    /// @param leaf The unit's leaf.
    /// @param prevEpoch Epoch of the attestation before the leaf's.
    /// @param proof Merkle proof of the leaf.
    function applyState(UnitLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof) external;

    /// @notice Whether anyone may activate reservations (true at registration), or the provider only. Provider only.
    function setAutoAccept(bytes32 unitId, bool autoAccept) external;

    /// @notice Takes a unit off the market for good. Provider only.
    /// @dev Not while anything is reserved or a noticed loss is open: retired units are attested no more. To wind a unit down,
    /// turn `autoAccept` off, let reservations end, then reject what is held and retire in one `multicall`.
    function retireUnit(bytes32 unitId) external;

    /// @notice Changes a unit's capacity, not below what is reserved. Provider only.
    function changeCapacity(bytes32 unitId, uint64 capacityBytes) external;

    /// @notice Announces maintenance: a day ahead at least, and at most a twelfth of a day in 30 days. Provider only.
    /// @param unitId Unit.
    /// @param fromEpoch First epoch of the window.
    /// @param epochs Length of the window.
    function announceMaintenance(bytes32 unitId, uint40 fromEpoch, uint32 epochs) external;

    /// @notice Asks for a part of the bond that covers nothing any more. Starts the unbonding delay for all that is asked.
    function requestUnbond(uint128 amount) external;

    /// @notice Credits the caller with the bond it asked for, after the delay.
    /// @return amount What was credited in the bond token.
    function completeUnbond() external returns (uint256 amount);

    /// @notice Announced maintenance window [fromEpoch, untilEpoch) of a unit, and epochs left of this month's allowance.
    function maintenance(bytes32 unitId)
        external
        view
        returns (uint40 fromEpoch, uint40 untilEpoch, uint32 epochsLeft);

    /// @notice The provider of an operator.
    function provider(address operator) external view returns (Provider memory);
    /// @notice The operator that a node key belongs to as a provider; zero: none.
    function providerOperator(address node) external view returns (address);
    /// @notice A unit.
    function unit(bytes32 unitId) external view returns (Unit memory);
    /// @notice Number of units ever registered.
    function unitCount() external view returns (uint256);
}
