// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Constants} from "./OrchestratorBase.sol";
import {Module} from "./Module.sol";
import {UnitAdmission} from "./UnitAdmission.sol";
import {IAdministration} from "../interfaces/IAdministration.sol";
import {IDisputes} from "../interfaces/IDisputes.sol";
import {IProviders} from "../interfaces/IProviders.sol";
import {IReservations} from "../interfaces/IReservations.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {UnitLeaf} from "../types/Leaves.sol";
import {DataUnitTerms} from "../types/Messages.sol";
import {Provider, Unit, UnitStatus} from "../types/Records.sol";

/// @title Providers and data units
contract UnitsModule is Module, UnitAdmission, IProviders {
    /// @dev 2^56 bytes: 64 PiB in one unit; sums of many units still fit 96 bits.
    uint64 internal constant MAX_CAPACITY = 1 << 56;
    uint8 internal constant KINDS = 5;

    constructor(Constants memory constants_) Module(constants_) {}

    /// @inheritdoc IProviders
    function registerProvider(address node, uint128 bondAmount, bytes calldata consent)
        external
        nonReentrant
        whenOpen
    {
        ProviderRecord storage own = _providers[msg.sender];
        if (own.node != address(0)) revert ProviderExists();
        if (node == msg.sender) revert InvalidNode();
        if (_providerOperator[node] != address(0)) revert ProviderNodeTaken();
        if (bondAmount < _economics.minProviderBond) {
            revert ProviderBondTooLow(bondAmount, _economics.minProviderBond);
        }
        _requireSigner(node, Hashing.consent(msg.sender), consent);
        own.node = node;
        own.bond = bondAmount;
        _providerOperator[node] = msg.sender;
        _pullExactly(BOND_TOKEN, msg.sender, bondAmount);
        emit ProviderRegistered(msg.sender, node, bondAmount);
    }

    /// @inheritdoc IProviders
    function increaseProviderBond(uint128 amount) external nonReentrant whenOpen {
        ProviderRecord storage own = _knownProvider(msg.sender);
        own.bond += amount;
        _pullExactly(BOND_TOKEN, msg.sender, amount);
        emit ProviderBondChanged(msg.sender, own.bond);
    }

    /// @inheritdoc IProviders
    function registerDataUnit(DataUnitTerms calldata terms) external whenOpen returns (bytes32) {
        address operator = _providerOperator[terms.provider];
        if (msg.sender != terms.provider && msg.sender != operator) revert IReservations.NotAllowed();
        return _register(terms, operator, Hashing.dataUnit(terms));
    }

    /// @inheritdoc IProviders
    function registerDataUnitFor(DataUnitTerms calldata terms, bytes calldata signature)
        external
        whenOpen
        returns (bytes32)
    {
        bytes32 termsHash = Hashing.dataUnit(terms);
        _requireSigner(terms.provider, termsHash, signature);
        return _register(terms, _providerOperator[terms.provider], termsHash);
    }

    /// @inheritdoc IProviders
    function applyState(UnitLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof) external {
        if (!_takeState(leaf, prevEpoch, proof)) revert StaleState(_units[leaf.unitId].stateEpoch);
    }

    /// @inheritdoc IProviders
    function setAutoAccept(bytes32 unitId, bool autoAccept) external {
        _ownUnit(unitId).manualAccept = !autoAccept;
        emit AutoAcceptChanged(unitId, autoAccept);
    }

    /// @inheritdoc IProviders
    function retireUnit(bytes32 unitId) external {
        UnitRecord storage own = _ownUnit(unitId);
        if (own.reservedBytes != 0) revert CapacityReserved(own.reservedBytes);
        if (!_mayRetire(own)) revert IDisputes.NotBefore(_noticeEnd(own));
        _retire(unitId, own);
    }

    /// @inheritdoc IProviders
    function changeCapacity(bytes32 unitId, uint64 capacityBytes) external {
        UnitRecord storage own = _ownUnit(unitId);
        if (capacityBytes == 0 || capacityBytes > MAX_CAPACITY) revert InvalidTerm("capacityBytes");
        if (capacityBytes < own.reservedBytes) revert CapacityReserved(own.reservedBytes);
        ProviderRecord storage owner = _providers[own.operator];
        bool grows = capacityBytes > own.capacityBytes;
        if (grows && own.status == UnitStatus.Active) {
            // New capacity has no history: what is exposed follows the age of the average byte.
            uint256 age = _currentEpoch() - own.admittedEpoch;
            own.admittedEpoch = _currentEpoch() - uint40(age * own.capacityBytes / capacityBytes);
        }
        owner.capacityBytes = owner.capacityBytes - own.capacityBytes + capacityBytes;
        _totals.capacityBytes = _totals.capacityBytes - own.capacityBytes + capacityBytes;
        own.capacityBytes = capacityBytes;
        if (grows) {
            if (_paused) revert IAdministration.IntakePaused();
            _requireBond(owner);
        }
        emit CapacityChanged(unitId, capacityBytes);
    }

    /// @inheritdoc IProviders
    function announceMaintenance(bytes32 unitId, uint40 fromEpoch, uint32 epochs) external {
        UnitRecord storage own = _ownUnit(unitId);
        uint40 earliest = _currentEpoch() + uint40(DAY_EPOCHS);
        bool pending = own.maintenanceUntil > _currentEpoch();
        if (fromEpoch >= own.monthEpoch + 30 * uint40(DAY_EPOCHS)) {
            own.monthEpoch = fromEpoch;
            own.monthUsed = 0;
        }
        uint32 left = _maintenanceAllowance() - own.monthUsed;
        if (pending || fromEpoch < earliest || epochs == 0 || epochs > left) revert MaintenanceRefused(earliest, left);
        own.monthUsed += epochs;
        own.maintenanceFrom = fromEpoch;
        own.maintenanceUntil = fromEpoch + epochs;
        emit MaintenanceAnnounced(unitId, fromEpoch, fromEpoch + epochs);
    }

    /// @inheritdoc IProviders
    function requestUnbond(uint128 amount) external {
        ProviderRecord storage own = _knownProvider(msg.sender);
        if (amount == 0 || amount > own.bond - own.unbonding) {
            revert ProviderBondTooLow(own.bond - own.unbonding, amount);
        }
        own.unbonding += amount;
        own.unbondEpoch = _currentEpoch() + _economics.unbondingEpochs;
        _requireBond(own);
        emit UnbondRequested(msg.sender, amount, own.unbondEpoch);
    }

    /// @inheritdoc IProviders
    function completeUnbond() external returns (uint256 amount) {
        ProviderRecord storage own = _knownProvider(msg.sender);
        amount = own.unbonding;
        if (amount == 0) revert NothingUnbonding();
        if (_currentEpoch() < own.unbondEpoch) revert UnbondingUntil(own.unbondEpoch);
        own.unbonding = 0;
        own.bond -= uint128(amount);
        // Units that were registered, or slashes, in the meantime.
        _requireBond(own);
        _credit(BOND_TOKEN, msg.sender, amount);
        emit ProviderBondChanged(msg.sender, own.bond);
    }

    /// @inheritdoc IProviders
    function maintenance(bytes32 unitId) external view returns (uint40, uint40, uint32) {
        UnitRecord storage own = _units[unitId];
        bool newMonth = _currentEpoch() + DAY_EPOCHS >= own.monthEpoch + 30 * uint40(DAY_EPOCHS);
        uint32 used = newMonth ? 0 : own.monthUsed;
        return (own.maintenanceFrom, own.maintenanceUntil, _maintenanceAllowance() - used);
    }

    /// @inheritdoc IProviders
    function provider(address operator) external view returns (Provider memory) {
        ProviderRecord storage own = _providers[operator];
        return Provider({
            node: own.node,
            units: own.units,
            bond: own.bond,
            unbonding: own.unbonding,
            unbondEpoch: own.unbondEpoch,
            capacityBytes: own.capacityBytes,
            reservedBytes: own.reservedBytes,
            slashed: own.slashed
        });
    }

    /// @inheritdoc IProviders
    function providerOperator(address node) external view returns (address) {
        return _providerOperator[node];
    }

    /// @inheritdoc IProviders
    function unit(bytes32 unitId) external view returns (Unit memory view_) {
        UnitRecord storage own = _units[unitId];
        view_.operator = own.operator;
        view_.provider = own.provider;
        view_.token = own.token;
        view_.kind = own.kind;
        view_.status = _statusOf(own);
        view_.attestedState = own.attestedState;
        view_.stateEpoch = own.stateEpoch;
        view_.autoAccept = !own.manualAccept;
        view_.admittedEpoch = own.admittedEpoch;
        view_.capacityBytes = own.capacityBytes;
        view_.reservedBytes = own.reservedBytes;
        view_.pricePerGibEpoch = own.pricePerGibEpoch;
        view_.termsHash = own.termsHash;
    }

    /// @inheritdoc IProviders
    function unitCount() external view returns (uint256) {
        return _unitCount;
    }

    function selectors() external pure returns (bytes4[] memory list) {
        list = new bytes4[](16);
        list[0] = IProviders.registerProvider.selector;
        list[1] = IProviders.increaseProviderBond.selector;
        list[2] = IProviders.registerDataUnit.selector;
        list[3] = IProviders.registerDataUnitFor.selector;
        list[4] = IProviders.applyState.selector;
        list[5] = IProviders.setAutoAccept.selector;
        list[6] = IProviders.retireUnit.selector;
        list[7] = IProviders.provider.selector;
        list[8] = IProviders.providerOperator.selector;
        list[9] = IProviders.unit.selector;
        list[10] = IProviders.unitCount.selector;
        list[11] = IProviders.changeCapacity.selector;
        list[12] = IProviders.announceMaintenance.selector;
        list[13] = IProviders.requestUnbond.selector;
        list[14] = IProviders.completeUnbond.selector;
        list[15] = IProviders.maintenance.selector;
    }

    function _register(DataUnitTerms calldata terms, address operator, bytes32 termsHash)
        private
        returns (bytes32 unitId)
    {
        if (operator == address(0)) revert UnknownProvider();
        _checkTerms(terms);
        unitId = keccak256(abi.encode(terms.provider, terms.nonce));
        UnitRecord storage own = _units[unitId];
        if (own.operator != address(0)) revert UnitExists(unitId);
        own.operator = operator;
        own.kind = terms.kind;
        own.token = terms.token;
        own.pricePerGibEpoch = terms.pricePerGibEpoch;
        own.capacityBytes = terms.capacityBytes;
        own.provider = terms.provider;
        own.termsHash = termsHash;
        _unitCount += 1;
        _totals.units += 1;
        _totals.capacityBytes += terms.capacityBytes;
        ProviderRecord storage owner = _providers[operator];
        owner.units += 1;
        owner.capacityBytes += terms.capacityBytes;
        _requireBond(owner);
        emit DataUnitRegistered(unitId, terms.provider, operator, terms);
    }

    function _checkTerms(DataUnitTerms calldata terms) private view {
        if (block.timestamp > terms.deadline) revert AdvertExpired(terms.deadline);
        if (!_listed[terms.token]) revert TokenNotListed(terms.token);
        if (terms.kind >= KINDS) revert InvalidTerm("kind");
        if (terms.capacityBytes == 0 || terms.capacityBytes > MAX_CAPACITY) revert InvalidTerm("capacityBytes");
        if (terms.pricePerGibEpoch == 0) revert InvalidTerm("pricePerGibEpoch");
        if (terms.availabilityPpm == 0 || terms.availabilityPpm > 1_000_000) revert InvalidTerm("availabilityPpm");
    }

    /// @dev 2 hours in 30 days at the default epoch, a twelfth of a day at any; one epoch at least.
    function _maintenanceAllowance() private view returns (uint32) {
        return DAY_EPOCHS < 12 ? 1 : DAY_EPOCHS / 12;
    }

    /// @dev One minimum bond a unit, and what the capacity asks for; what is being withdrawn covers nothing.
    function _requireBond(ProviderRecord storage owner) private view {
        uint256 required = uint256(_economics.minProviderBond) * owner.units
            + uint256(_economics.bondPerTib) * owner.capacityBytes / (1 << 40);
        uint256 free = owner.bond - owner.unbonding;
        if (free < required) revert ProviderBondTooLow(free, required);
    }

    function _requireSigner(address signer, bytes32 structHash, bytes calldata signature) private view {
        bytes32 digest = Hashing.digest(Hashing.domainSeparator(address(this)), structHash);
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure != ECDSA.RecoverError.NoError || recovered != signer) revert InvalidSignature();
    }

    function _knownProvider(address operator) private view returns (ProviderRecord storage own) {
        own = _providers[operator];
        if (own.node == address(0)) revert UnknownProvider();
    }

    /// @dev A unit that is not retired, called by its operator or its node.
    function _ownUnit(bytes32 unitId) private view returns (UnitRecord storage own) {
        own = _units[unitId];
        if (own.operator == address(0)) revert UnknownUnit(unitId);
        if (msg.sender != own.operator && msg.sender != own.provider) revert IReservations.NotAllowed();
        if (own.status == UnitStatus.Retired) revert UnitIsRetired(unitId);
    }
}
