// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {Network} from "../support/Network.sol";
import {vm} from "../support/Vm.sol";
import {IAdministration} from "../../src/interfaces/IAdministration.sol";
import {IAttestations} from "../../src/interfaces/IAttestations.sol";
import {IProviders} from "../../src/interfaces/IProviders.sol";
import {IReservations} from "../../src/interfaces/IReservations.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {DataUnitTerms} from "../../src/types/Messages.sol";
import {UnitLeaf} from "../../src/types/Leaves.sol";
import {Provider, Stats, Unit, UnitStatus} from "../../src/types/Records.sol";

contract UnitsTest is Network {
    function setUp() public {
        launch(7);
        registerProvider();
    }

    function relay(DataUnitTerms memory t, uint256 key) internal returns (bytes32) {
        return orch.registerDataUnitFor(t, signature(key, this.hashTerms(t)));
    }

    function expectInvalidTerm(DataUnitTerms memory t, bytes32 name) internal {
        vm.expectRevert(abi.encodeWithSelector(IProviders.InvalidTerm.selector, name));
        vm.prank(PROVIDER);
        orch.registerDataUnit(t);
    }

    function test_default_provider() public view {
        Provider memory p = orch.provider(PROVIDER);
        assertEq(p.node, vm.addr(PROVIDER_KEY), "node");
        assertEq(p.bond, 10_000 ether, "bond");
        assertEq(orch.providerOperator(p.node), PROVIDER, "operator");
        assertEq(token.balanceOf(address(orch)), 10_000 ether, "held");
    }

    function test_error_provider() public {
        bytes memory consent = signature(PROVIDER_KEY, Hashing.consent(PROVIDER));
        vm.startPrank(PROVIDER);
        vm.expectRevert(IProviders.ProviderExists.selector);
        orch.registerProvider(vm.addr(PROVIDER_KEY), 1_000 ether, consent);
        vm.stopPrank();
        fund(CONSUMER, 10_000 ether, address(orch));
        address node = vm.addr(nodeKey(50));
        consent = signature(nodeKey(50), Hashing.consent(CONSUMER));
        vm.startPrank(CONSUMER);
        vm.expectRevert(IProviders.InvalidNode.selector);
        orch.registerProvider(CONSUMER, 1_000 ether, consent);
        vm.expectRevert(IProviders.ProviderNodeTaken.selector);
        orch.registerProvider(vm.addr(PROVIDER_KEY), 1_000 ether, consent);
        vm.expectRevert(abi.encodeWithSelector(IProviders.ProviderBondTooLow.selector, 999 ether, 1_000 ether));
        orch.registerProvider(node, 999 ether, consent);
        vm.expectRevert(IProviders.InvalidSignature.selector);
        orch.registerProvider(vm.addr(nodeKey(51)), 1_000 ether, consent);
        vm.expectRevert(IProviders.UnknownProvider.selector);
        orch.increaseProviderBond(1);
        orch.registerProvider(node, 1_000 ether, consent);
        orch.increaseProviderBond(5 ether);
        vm.stopPrank();
        assertEq(orch.provider(CONSUMER).bond, 1_005 ether, "raised");
    }

    function test_default_registrationByTheOperatorAndByItsNode() public {
        vm.prank(PROVIDER);
        vm.expectEmit(address(orch));
        emit IProviders.DataUnitRegistered(unitIdOf(1), vm.addr(PROVIDER_KEY), PROVIDER, terms(1));
        bytes32 id = orch.registerDataUnit(terms(1));
        assertEq(id, unitIdOf(1), "id");
        Unit memory u = orch.unit(id);
        assertEq(u.operator, PROVIDER, "operator");
        assertEq(u.provider, vm.addr(PROVIDER_KEY), "provider");
        assertEq(u.token, address(token), "token");
        assertEq(uint8(u.status), uint8(UnitStatus.Pending), "pending");
        assertEq(u.termsHash, this.hashTerms(terms(1)), "terms");
        assertTrue(u.autoAccept, "accepts by itself");
        vm.prank(vm.addr(PROVIDER_KEY));
        orch.registerDataUnit(terms(2));
        assertEq(orch.unitCount(), 2, "units");
        Stats memory s = orch.providerStats(PROVIDER, address(token));
        assertEq(s.units, 2, "provider's units");
        assertEq(s.capacityBytes, 200 * uint256(GIB), "provider's capacity");
        s = orch.totalStats(address(token));
        assertEq(s.units, 2, "all units");
        assertEq(s.capacityBytes, 200 * uint256(GIB), "all capacity");
    }

    function test_default_registrationThroughAnyone() public {
        vm.prank(CONSUMER);
        bytes32 id = relay(terms(7), PROVIDER_KEY);
        assertEq(orch.unit(id).operator, PROVIDER, "operator");
        bytes memory again = signature(PROVIDER_KEY, this.hashTerms(terms(7)));
        vm.expectRevert(abi.encodeWithSelector(IProviders.UnitExists.selector, id));
        orch.registerDataUnitFor(terms(7), again);
    }

    function test_error_registration() public {
        vm.prank(CONSUMER);
        vm.expectRevert(IReservations.NotAllowed.selector);
        orch.registerDataUnit(terms(1));
        bytes memory foreign = signature(nodeKey(0), this.hashTerms(terms(1)));
        vm.expectRevert(IProviders.InvalidSignature.selector);
        orch.registerDataUnitFor(terms(1), foreign);
        vm.expectRevert(IProviders.InvalidSignature.selector);
        orch.registerDataUnitFor(terms(1), hex"1234");
        DataUnitTerms memory t = terms(1);
        t.provider = vm.addr(nodeKey(60));
        bytes memory own = signature(nodeKey(60), this.hashTerms(t));
        vm.expectRevert(IProviders.UnknownProvider.selector);
        orch.registerDataUnitFor(t, own);
        t = terms(1);
        t.deadline = uint40(block.timestamp - 1);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviders.AdvertExpired.selector, t.deadline));
        orch.registerDataUnit(t);
        t = terms(1);
        t.token = address(0x1234);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviders.TokenNotListed.selector, t.token));
        orch.registerDataUnit(t);
        t = terms(1);
        t.kind = 5;
        expectInvalidTerm(t, "kind");
        t = terms(1);
        t.capacityBytes = 0;
        expectInvalidTerm(t, "capacityBytes");
        t.capacityBytes = (1 << 56) + 1;
        expectInvalidTerm(t, "capacityBytes");
        t = terms(1);
        t.pricePerGibEpoch = 0;
        expectInvalidTerm(t, "pricePerGibEpoch");
        t = terms(1);
        t.availabilityPpm = 0;
        expectInvalidTerm(t, "availabilityPpm");
        t.availabilityPpm = 1_000_001;
        expectInvalidTerm(t, "availabilityPpm");
    }

    function test_behavior_oneMinimumBondAUnit() public {
        for (uint64 i = 0; i < 10; i++) {
            addUnit(i);
        }
        vm.expectRevert(abi.encodeWithSelector(IProviders.ProviderBondTooLow.selector, 10_000 ether, 11_000 ether));
        vm.prank(PROVIDER);
        orch.registerDataUnit(terms(10));
    }

    function test_default_admissionByAttestedLeaf() public {
        bytes32 id = addUnit(1);
        unitLeaves[0].state = 1;
        attest(1);
        vm.expectEmit(address(orch));
        emit IProviders.UnitStateApplied(id, 1, 1);
        vm.expectEmit(address(orch));
        emit IProviders.UnitStatusChanged(id, UnitStatus.Active);
        applyState(1, 0);
        Unit memory u = orch.unit(id);
        assertEq(uint8(u.status), uint8(UnitStatus.Active), "active");
        assertEq(u.attestedState, 1, "vetting");
        assertEq(u.stateEpoch, 1, "epoch");
        assertEq(u.admittedEpoch, 1, "admitted");
    }

    function test_behavior_stateIsMonotoneInEpoch() public {
        bytes32 id = addUnit(1);
        attest(1);
        unitLeaves[0].state = 4;
        attest(2);
        applyState(2, 0);
        assertEq(orch.unit(id).attestedState, 4, "suspended");
        assertEq(uint8(orch.unit(id).status), uint8(UnitStatus.Pending), "not admitted by a suspension");
        vm.expectRevert(abi.encodeWithSelector(IProviders.StaleState.selector, 2));
        this.applyExternally(1, 0);
        unitLeaves[0].state = 2;
        attest(3);
        applyState(3, 0);
        vm.expectRevert(abi.encodeWithSelector(IProviders.StaleState.selector, 3));
        this.applyExternally(3, 0);
    }

    function applyExternally(uint40 epoch, uint256 index) external {
        applyState(epoch, index);
    }

    function test_error_leaves() public {
        addUnit(1);
        attest(1);
        UnitLeaf memory leaf = unitLeavesAt[1][0];
        bytes32[] memory proof = proofOf(1, 0);
        leaf.scoreBps = 1;
        vm.expectRevert(abi.encodeWithSelector(IAttestations.UnknownRoot.selector, 1));
        orch.applyState(leaf, 0, proof);
        leaf = unitLeavesAt[1][0];
        vm.expectRevert(abi.encodeWithSelector(IAttestations.UnknownRoot.selector, 1));
        orch.applyState(leaf, 1, proof);
        leaf.tag = 2;
        vm.expectRevert(IAttestations.WrongLeaf.selector);
        orch.applyState(leaf, 0, proof);
    }

    function test_error_leafOfAnUnknownUnit() public {
        unitLeaves.push();
        unitLeaves[0].tag = 1;
        unitLeaves[0].unitId = keccak256("nobody's");
        attest(1);
        vm.expectRevert(abi.encodeWithSelector(IProviders.UnknownUnit.selector, keccak256("nobody's")));
        this.applyExternally(1, 0);
    }

    function test_behavior_removedUnitsAreRetired() public {
        bytes32 id = addUnit(1);
        attest(1);
        applyState(1, 0);
        unitLeaves[0].state = 6;
        attest(2);
        applyState(2, 0);
        assertEq(uint8(orch.unit(id).status), uint8(UnitStatus.Retired), "retired");
        assertEq(orch.totalStats(address(token)).units, 0, "out of the figures");
        unitLeaves[0].state = 2;
        attest(3);
        applyState(3, 0);
        assertEq(uint8(orch.unit(id).status), uint8(UnitStatus.Retired), "for good");
    }

    function test_default_retiring() public {
        bytes32 id = addUnit(1);
        vm.prank(CONSUMER);
        vm.expectRevert(IReservations.NotAllowed.selector);
        orch.retireUnit(id);
        vm.prank(vm.addr(PROVIDER_KEY));
        orch.retireUnit(id);
        assertEq(orch.provider(PROVIDER).units, 0, "units");
        assertEq(orch.provider(PROVIDER).capacityBytes, 0, "capacity");
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviders.UnitIsRetired.selector, id));
        orch.retireUnit(id);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviders.UnknownUnit.selector, bytes32(uint256(1))));
        orch.retireUnit(bytes32(uint256(1)));
    }

    function test_default_capacityChanges() public {
        bytes32 id = addUnit(1);
        attest(1);
        applyState(1, 0);
        reserveAs(CONSUMER, id, 10, 5);
        vm.startPrank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviders.CapacityReserved.selector, 10 * GIB));
        orch.changeCapacity(id, 10 * GIB - 1);
        orch.changeCapacity(id, 10 * GIB);
        assertEq(orch.unit(id).capacityBytes, 10 * GIB, "shrunk to what is reserved");
        orch.changeCapacity(id, 300 * GIB);
        assertEq(orch.totalStats(address(token)).capacityBytes, 300 * uint256(GIB), "in the figures");
        assertEq(orch.provider(PROVIDER).capacityBytes, 300 * uint256(GIB), "in the provider's");
        vm.expectRevert(abi.encodeWithSelector(IProviders.InvalidTerm.selector, bytes32("capacityBytes")));
        orch.changeCapacity(id, 0);
        vm.expectRevert(abi.encodeWithSelector(IProviders.InvalidTerm.selector, bytes32("capacityBytes")));
        orch.changeCapacity(id, (1 << 56) + 1);
        vm.stopPrank();
        orch.setPaused(true);
        vm.startPrank(PROVIDER);
        vm.expectRevert(IAdministration.IntakePaused.selector);
        orch.changeCapacity(id, 301 * GIB);
        orch.changeCapacity(id, 299 * GIB);
    }

    function test_default_maintenance() public {
        bytes32 id = addUnit(1);
        attest(1);
        applyState(1, 0);
        vm.startPrank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviders.MaintenanceRefused.selector, 7, 1));
        orch.announceMaintenance(id, 6, 1);
        vm.expectRevert(abi.encodeWithSelector(IProviders.MaintenanceRefused.selector, 7, 1));
        orch.announceMaintenance(id, 8, 2);
        vm.expectRevert(abi.encodeWithSelector(IProviders.MaintenanceRefused.selector, 7, 1));
        orch.announceMaintenance(id, 8, 0);
        vm.expectEmit(address(orch));
        emit IProviders.MaintenanceAnnounced(id, 8, 9);
        orch.announceMaintenance(id, 8, 1);
        (uint40 from, uint40 until, uint32 left) = orch.maintenance(id);
        assertEq(from, 8, "from");
        assertEq(until, 9, "until");
        assertEq(left, 0, "allowance used");
        vm.expectRevert(abi.encodeWithSelector(IProviders.MaintenanceRefused.selector, 7, 1));
        orch.announceMaintenance(id, 8 + 180, 1);
        vm.warp(startOf(7));
        assertEq(uint8(orch.unit(id).status), uint8(UnitStatus.Active), "before");
        vm.warp(startOf(8));
        assertEq(uint8(orch.unit(id).status), uint8(UnitStatus.Maintenance), "inside");
        vm.warp(startOf(9));
        assertEq(uint8(orch.unit(id).status), uint8(UnitStatus.Active), "after");
        vm.expectRevert(abi.encodeWithSelector(IProviders.MaintenanceRefused.selector, 15, 0));
        orch.announceMaintenance(id, 20, 1);
        vm.warp(startOf(190));
        (,, left) = orch.maintenance(id);
        assertEq(left, 1, "a new month");
        orch.announceMaintenance(id, 200, 1);
        vm.stopPrank();
    }

    function test_default_unbonding() public {
        addUnit(1);
        vm.startPrank(PROVIDER);
        vm.expectRevert(IProviders.NothingUnbonding.selector);
        orch.completeUnbond();
        vm.expectRevert(abi.encodeWithSelector(IProviders.ProviderBondTooLow.selector, 10_000 ether, 0));
        orch.requestUnbond(0);
        vm.expectRevert(abi.encodeWithSelector(IProviders.ProviderBondTooLow.selector, 10_000 ether, 10_001 ether));
        orch.requestUnbond(10_001 ether);
        vm.expectRevert(abi.encodeWithSelector(IProviders.ProviderBondTooLow.selector, 999 ether, 1_000 ether));
        orch.requestUnbond(9_001 ether);
        orch.requestUnbond(9_000 ether);
        vm.expectRevert(abi.encodeWithSelector(IProviders.UnbondingUntil.selector, 180));
        orch.completeUnbond();
        vm.warp(startOf(180));
        assertEq(orch.completeUnbond(), 9_000 ether, "amount");
        assertEq(orch.provider(PROVIDER).bond, 1_000 ether, "left");
        assertEq(orch.creditOf(address(token), PROVIDER), 9_000 ether, "credited");
        vm.stopPrank();
        vm.prank(CONSUMER);
        vm.expectRevert(IProviders.UnknownProvider.selector);
        orch.requestUnbond(1);
    }

    /// @dev A retired unit is attested no more: its reservations could only escape, at the last ratio, whatever is served.
    function test_error_retiringWhileReserved() public {
        bytes32 id = addUnit(1);
        attest(1);
        applyState(1, 0);
        uint256 r = reserveAs(CONSUMER, id, 10, 5);
        vm.startPrank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviders.CapacityReserved.selector, 10 * GIB));
        orch.retireUnit(id);
        vm.expectRevert(abi.encodeWithSelector(IProviders.ProviderBondTooLow.selector, 0, 1_000 ether));
        orch.requestUnbond(10_000 ether);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IReservations.reject, (r));
        calls[1] = abi.encodeCall(IProviders.retireUnit, (id));
        Multicall(address(orch)).multicall(calls);
        orch.requestUnbond(10_000 ether);
        vm.stopPrank();
    }

    /// @dev Otherwise a tiny old unit could grow into a large one that is exposed as if it were old.
    function test_behavior_grownCapacityIsExposedByTheAgeOfTheAverageByte() public {
        bytes32 id = addUnit(1);
        attest(1);
        applyState(1, 0);
        vm.warp(startOf(1 + 90 * DAY));
        vm.startPrank(PROVIDER);
        orch.changeCapacity(id, 50 * GIB);
        assertEq(orch.unit(id).admittedEpoch, 1, "shrinking leaves the age");
        orch.changeCapacity(id, 200 * GIB);
        assertEq(orch.unit(id).admittedEpoch, 1 + 90 * DAY - 90 * DAY / 4, "a quarter of the age");
        vm.stopPrank();
        fund(CONSUMER, 1_000 ether, address(orch));
        vm.startPrank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IReservations.CapacityExceeded.selector, 101 * GIB, 100 * GIB));
        orch.reserve(request(id, 101, 1));
        vm.stopPrank();
    }

    function test_error_manualAcceptIsTheProvidersChoice() public {
        bytes32 id = addUnit(1);
        vm.prank(CONSUMER);
        vm.expectRevert(IReservations.NotAllowed.selector);
        orch.setAutoAccept(id, false);
        vm.prank(PROVIDER);
        orch.setAutoAccept(id, false);
        assertTrue(!orch.unit(id).autoAccept, "manual");
    }
}
