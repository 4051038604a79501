// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Network} from "../support/Network.sol";
import {vm} from "../support/Vm.sol";
import {IProviders} from "../../src/interfaces/IProviders.sol";
import {IReservations} from "../../src/interfaces/IReservations.sol";
import {DataUnitTerms} from "../../src/types/Messages.sol";
import {UnitLeaf} from "../../src/types/Leaves.sol";
import {Reservation, ReservationStatus, ReserveRequest} from "../../src/types/Records.sol";

contract ReservationsTest is Network {
    bytes32 internal unitId;

    function setUp() public {
        unitId = launchWithUnit();
    }

    function creditOf(address account) internal view returns (uint256) {
        return orch.creditOf(address(token), account);
    }

    function statusOf(uint256 id) internal view returns (uint256) {
        return uint256(orch.reservation(id).status);
    }

    function active(uint64 gib, uint32 epochs) internal returns (uint256 id) {
        id = reserveAs(CONSUMER, unitId, gib, epochs);
        activate(id, 0);
    }

    function activateExternally(uint256 id, uint40 epoch) external {
        orch.activate(id, unitLeavesAt[epoch][0], prevOf[epoch], proofOf(epoch, 0));
    }

    function test_default_held() public {
        fund(CONSUMER, 50 ether, address(orch));
        vm.prank(CONSUMER);
        vm.expectEmit(address(orch));
        emit IReservations.ReservationHeld(1, unitId, CONSUMER, 5 * GIB, 10, 5 ether, 50 ether);
        uint256 id = orch.reserve(request(unitId, 5, 10));
        Reservation memory r = orch.reservation(id);
        assertEq(r.consumer, CONSUMER, "consumer");
        assertEq(r.unitId, unitId, "unit");
        assertEq(uint8(r.status), uint8(ReservationStatus.Held), "held");
        assertEq(r.ratePerEpoch, 5 ether, "rate");
        assertEq(r.endEpoch, 10, "epochs");
        assertEq(r.lastEpoch, 1 + DAY, "deadline");
        assertEq(orch.unit(unitId).reservedBytes, 5 * GIB, "reserved");
        assertEq(orch.totalStats(address(token)).reservedBytes, 5 * GIB, "in the figures");
        assertEq(token.balanceOf(CONSUMER), 0, "paid");
        assertEq(orch.reservationCount(), 1, "count");
    }

    function test_behavior_rateIsRoundedUp() public {
        fund(CONSUMER, 1 ether, address(orch));
        vm.prank(CONSUMER);
        uint256 id = orch.reserve(ReserveRequest(unitId, 1, 1, type(uint128).max));
        assertEq(orch.reservation(id).ratePerEpoch, (1 ether + GIB - 1) / GIB, "ceil");
    }

    function test_behavior_creditPaysFirst() public {
        fund(CONSUMER, 100 ether, address(orch));
        vm.startPrank(CONSUMER);
        orch.depositFor(address(token), CONSUMER, 30 ether);
        orch.reserve(request(unitId, 5, 10));
        assertEq(creditOf(CONSUMER), 0, "credit used");
        assertEq(token.balanceOf(CONSUMER), 50 ether, "the rest is pulled");
    }

    function test_error_reserve() public {
        fund(CONSUMER, 10_000 ether, address(orch));
        vm.startPrank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IReservations.CapacityExceeded.selector, 11 * GIB, 10 * GIB));
        orch.reserve(request(unitId, 11, 1));
        vm.expectRevert(abi.encodeWithSelector(IReservations.PriceTooHigh.selector, 1 ether));
        orch.reserve(ReserveRequest(unitId, GIB, 1, 1 ether - 1));
        vm.expectRevert(IReservations.InvalidAmount.selector);
        orch.reserve(request(unitId, 0, 1));
        vm.expectRevert(IReservations.InvalidAmount.selector);
        orch.reserve(request(unitId, 1, 0));
        vm.expectRevert(IReservations.InvalidAmount.selector);
        orch.reserve(request(unitId, 1, 3_650 * DAY + 1));
        vm.expectRevert(abi.encodeWithSelector(IReservations.NotAdmitted.selector, bytes32(uint256(1))));
        orch.reserve(request(bytes32(uint256(1)), 1, 1));
        vm.expectRevert();
        orch.reserve(request(unitId, 10, 10_000));
    }

    function test_error_rateTooLarge() public {
        vm.prank(PROVIDER);
        bytes32 id = orch.registerDataUnit(dear());
        unitLeaves.push(unitLeaves[0]);
        unitLeaves[1].unitId = id;
        attest(2);
        applyState(2, 1);
        vm.prank(CONSUMER);
        vm.expectRevert(IReservations.InvalidAmount.selector);
        orch.reserve(request(id, 10, 1));
    }

    function dear() internal view returns (DataUnitTerms memory t) {
        t = terms(99);
        t.pricePerGibEpoch = type(uint128).max;
    }

    function test_error_reserveWhereNothingIsTaken() public {
        uint8[4] memory closed = [0, 4, 5, 6];
        fund(CONSUMER, 100 ether, address(orch));
        for (uint40 i = 0; i < 4; i++) {
            unitLeaves[0].state = closed[i];
            attest(2 + i);
            applyState(2 + i, 0);
            vm.prank(CONSUMER);
            vm.expectRevert(abi.encodeWithSelector(IReservations.NotAdmitted.selector, unitId));
            orch.reserve(request(unitId, 1, 1));
        }
    }

    function test_behavior_exposureGrowsWithAge() public {
        fund(CONSUMER, 10_000 ether, address(orch));
        vm.startPrank(CONSUMER);
        orch.reserve(request(unitId, 10, 1));
        vm.warp(startOf(1 + 21 * DAY) - 1);
        vm.expectRevert(abi.encodeWithSelector(IReservations.CapacityExceeded.selector, GIB, 0));
        orch.reserve(request(unitId, 1, 1));
        vm.warp(startOf(1 + 21 * DAY));
        orch.reserve(request(unitId, 40, 1));
        vm.warp(startOf(1 + 90 * DAY) - 1);
        vm.expectRevert(abi.encodeWithSelector(IReservations.CapacityExceeded.selector, GIB, 0));
        orch.reserve(request(unitId, 1, 1));
        vm.warp(startOf(1 + 90 * DAY));
        orch.reserve(request(unitId, 50, 1));
        vm.expectRevert(abi.encodeWithSelector(IReservations.CapacityExceeded.selector, GIB, 0));
        orch.reserve(request(unitId, 1, 1));
    }

    function test_default_activation() public {
        unitLeaves[0].paidBpsSum = 12_345;
        attest(2);
        uint256 id = reserveAs(CONSUMER, unitId, 5, 10);
        vm.expectEmit(address(orch));
        emit IReservations.ReservationActivated(id, 2, 12, 12_345);
        activate(id, 0);
        Reservation memory r = orch.reservation(id);
        assertEq(uint8(r.status), uint8(ReservationStatus.Active), "active");
        assertEq(r.lastEpoch, 2, "last");
        assertEq(r.endEpoch, 12, "end");
        assertEq(r.paidBpsSum, 12_345, "baseline");
        assertEq(r.lastRatioBps, 10_001, "no ratio yet");
        assertEq(orch.unit(unitId).stateEpoch, 2, "the state came along");
    }

    function test_error_activation() public {
        uint256 id = reserveAs(CONSUMER, unitId, 5, 10);
        attest(2);
        vm.expectRevert(abi.encodeWithSelector(IReservations.StaleBaseline.selector, 1));
        this.activateExternally(id, 1);
        vm.warp(startOf(6));
        vm.expectRevert(abi.encodeWithSelector(IReservations.StaleBaseline.selector, 2));
        this.activateExternally(id, 2);
        vm.warp(startOf(6) - 1);
        this.activateExternally(id, 2);
        vm.expectRevert(abi.encodeWithSelector(IReservations.WrongStatus.selector, ReservationStatus.Active));
        this.activateExternally(id, 2);
    }

    function test_error_activationAfterTheDeadline() public {
        uint256 id = reserveAs(CONSUMER, unitId, 5, 10);
        attest(2 + DAY);
        vm.expectRevert(abi.encodeWithSelector(IReservations.HoldExpired.selector, 1 + DAY));
        this.activateExternally(id, 2 + DAY);
    }

    function test_error_activationInAClosedState() public {
        uint256 id = reserveAs(CONSUMER, unitId, 5, 10);
        unitLeaves[0].state = 4;
        attest(2);
        vm.expectRevert(abi.encodeWithSelector(IReservations.NotAdmitted.selector, unitId));
        this.activateExternally(id, 2);
    }

    function test_error_activationWithAnotherUnitsLeaf() public {
        uint256 id = reserveAs(CONSUMER, unitId, 5, 10);
        addUnit(2);
        attest(2);
        UnitLeaf memory other = unitLeavesAt[2][1];
        bytes32[] memory proof = proofOf(2, 1);
        vm.expectRevert(IReservations.WrongUnitLeaf.selector);
        orch.activate(id, other, 1, proof);
    }

    function test_behavior_manualAcceptance() public {
        vm.prank(PROVIDER);
        orch.setAutoAccept(unitId, false);
        uint256 id = reserveAs(CONSUMER, unitId, 5, 10);
        vm.expectRevert(IReservations.NotAllowed.selector);
        this.activateExternally(id, 1);
        UnitLeaf memory leaf = unitLeavesAt[1][0];
        bytes32[] memory proof = proofOf(1, 0);
        vm.prank(vm.addr(PROVIDER_KEY));
        orch.activate(id, leaf, 0, proof);
        vm.prank(CONSUMER);
        vm.expectRevert(IReservations.NotAllowed.selector);
        orch.extend(id, 1);
        id = reserveAs(CONSUMER, unitId, 2, 10);
        vm.expectRevert(IReservations.NotAllowed.selector);
        orch.reject(id);
        vm.prank(PROVIDER);
        orch.reject(id);
        assertEq(statusOf(id), uint8(ReservationStatus.Rejected), "rejected");
        assertEq(creditOf(CONSUMER), 20 ether, "refunded");
        assertEq(orch.unit(unitId).reservedBytes, 5 * GIB, "freed");
    }

    function test_default_cancel() public {
        uint256 id = reserveAs(CONSUMER, unitId, 5, 10);
        vm.expectRevert(IReservations.NotAllowed.selector);
        orch.cancel(id);
        vm.prank(CONSUMER);
        orch.cancel(id);
        assertEq(statusOf(id), uint8(ReservationStatus.Cancelled), "cancelled");
        assertEq(creditOf(CONSUMER), 50 ether, "refunded");
        assertEq(orch.unit(unitId).reservedBytes, 0, "freed");
        id = reserveAs(CONSUMER, unitId, 5, 10);
        vm.warp(startOf(2 + DAY));
        orch.cancel(id);
        assertEq(creditOf(CONSUMER), 50 ether, "by anyone after the deadline, of the credit that paid it");
        vm.expectRevert(abi.encodeWithSelector(IReservations.WrongStatus.selector, ReservationStatus.Cancelled));
        orch.cancel(id);
    }

    function test_default_reserveAndActivate() public {
        fund(CONSUMER, 50 ether, address(orch));
        UnitLeaf memory leaf = unitLeavesAt[1][0];
        bytes32[] memory proof = proofOf(1, 0);
        vm.prank(CONSUMER);
        uint256 id = orch.reserveAndActivate(request(unitId, 5, 10), leaf, 0, proof);
        assertEq(statusOf(id), uint8(ReservationStatus.Active), "active at once");
    }

    function test_behavior_batchIsAllOrNothing() public {
        addUnit(2);
        attest(2);
        applyState(2, 1);
        fund(CONSUMER, 1_000 ether, address(orch));
        ReserveRequest[] memory requests = new ReserveRequest[](2);
        requests[0] = request(unitId, 5, 10);
        requests[1] = request(unitIdOf(2), 11, 10);
        vm.startPrank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IReservations.CapacityExceeded.selector, 11 * GIB, 10 * GIB));
        orch.reserveBatch(requests);
        requests[1] = request(unitIdOf(2), 10, 10);
        uint256[] memory ids = orch.reserveBatch(requests);
        assertEq(ids.length, 2, "two");
        assertEq(orch.reservation(ids[1]).unitId, unitIdOf(2), "second unit");
    }

    function test_default_topUpAndExtend() public {
        uint256 id = active(5, 10);
        fund(PROVIDER, 12 ether, address(orch));
        vm.prank(PROVIDER);
        orch.topUp(id, 12 ether);
        assertEq(orch.reservation(id).surplus, 12 ether, "surplus");
        fund(CONSUMER, 3 ether, address(orch));
        vm.prank(CONSUMER);
        vm.expectEmit(address(orch));
        emit IReservations.ReservationExtended(id, 14, 15 ether);
        orch.extend(id, 3);
        assertEq(orch.reservation(id).surplus, 0, "used first");
        assertEq(orch.reservation(id).endEpoch, 14, "longer");
        assertEq(token.balanceOf(CONSUMER), 0, "the rest is pulled");
    }

    function test_error_topUpAndExtend() public {
        uint256 held = reserveAs(CONSUMER, unitId, 1, 10);
        vm.expectRevert(abi.encodeWithSelector(IReservations.WrongStatus.selector, ReservationStatus.Held));
        orch.topUp(held, 1);
        uint256 id = active(5, 10);
        vm.expectRevert(IReservations.InvalidAmount.selector);
        orch.topUp(id, 0);
        vm.expectRevert(IReservations.NotAllowed.selector);
        orch.extend(id, 1);
        vm.startPrank(CONSUMER);
        vm.expectRevert(IReservations.InvalidAmount.selector);
        orch.extend(id, 0);
        vm.expectRevert(IReservations.InvalidAmount.selector);
        orch.extend(id, 3_650 * DAY);
        vm.stopPrank();
        unitLeaves[0].state = 4;
        attest(2);
        applyState(2, 0);
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IReservations.NotAdmitted.selector, unitId));
        orch.extend(id, 1);
        vm.warp(startOf(12));
        vm.prank(CONSUMER);
        vm.expectRevert(IReservations.NotAllowed.selector);
        orch.extend(id, 1);
    }

    function test_default_release() public {
        uint256 id = active(5, 10);
        fund(CONSUMER, 7 ether, address(orch));
        vm.prank(CONSUMER);
        orch.topUp(id, 7 ether);
        vm.warp(startOf(4));
        vm.expectRevert(IReservations.NotAllowed.selector);
        orch.release(id);
        vm.prank(CONSUMER);
        vm.expectEmit(address(orch));
        emit IReservations.ReservationReleased(id, 5, 37 ether);
        orch.release(id);
        assertEq(creditOf(CONSUMER), 37 ether, "six epochs and the surplus");
        vm.prank(CONSUMER);
        vm.expectRevert(IReservations.NotAllowed.selector);
        orch.release(id);
        vm.prank(CONSUMER);
        vm.expectRevert(IReservations.NotAllowed.selector);
        orch.extend(id, 1);
        unitLeaves[0].paidBpsSum = 40_000;
        attest(5);
        settle(5, 0, id);
        assertEq(statusOf(id), uint8(ReservationStatus.Released), "released");
        assertEq(orch.unit(unitId).reservedBytes, 0, "freed");
    }

    function test_default_expireFreesCapacityOnce() public {
        uint256 id = active(5, 10);
        uint256[] memory ids = new uint256[](1);
        ids[0] = id;
        vm.warp(startOf(12) - 1);
        vm.expectRevert(IReservations.NotAllowed.selector);
        orch.expire(ids);
        vm.warp(startOf(12));
        // The unit could retire then, before a root has the leaf that settles the reservation.
        vm.expectRevert(IReservations.NotAllowed.selector);
        orch.expire(ids);
        attest(12);
        orch.expire(ids);
        assertEq(orch.unit(unitId).reservedBytes, 0, "freed");
        vm.expectRevert(IReservations.NotAllowed.selector);
        orch.expire(ids);
        settle(12, 0, id);
        assertEq(orch.unit(unitId).reservedBytes, 0, "not freed twice");
        assertEq(statusOf(id), uint8(ReservationStatus.Expired), "expired");
    }

    function test_default_depositsAndWithdrawals() public {
        fund(PROVIDER, 5 ether, address(orch));
        uint256 before = token.balanceOf(PROVIDER);
        vm.prank(PROVIDER);
        vm.expectEmit(address(orch));
        emit IReservations.Deposited(address(token), CONSUMER, 5 ether);
        orch.depositFor(address(token), CONSUMER, 5 ether);
        assertEq(before - token.balanceOf(PROVIDER), 5 ether, "paid");
        vm.prank(CONSUMER);
        assertEq(orch.withdraw(address(token), treasury), 5 ether, "amount");
        assertEq(token.balanceOf(treasury), 5 ether, "sent");
        vm.prank(CONSUMER);
        vm.expectRevert(IReservations.InvalidAmount.selector);
        orch.withdraw(address(token), CONSUMER);
        vm.startPrank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviders.TokenNotListed.selector, address(0x1234)));
        orch.depositFor(address(0x1234), CONSUMER, 1);
        vm.expectRevert(IReservations.InvalidAmount.selector);
        orch.depositFor(address(token), CONSUMER, 0);
    }

    function permit(uint256 key, uint256 amount) internal view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 typeHash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        address owner = vm.addr(key);
        bytes32 structHash =
            keccak256(abi.encode(typeHash, owner, address(orch), amount, token.nonces(owner), block.timestamp));
        return vm.sign(key, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
    }

    function test_default_depositWithPermit() public {
        address owner = vm.addr(nodeKey(70));
        token.mint(owner, 10 ether);
        (uint8 v, bytes32 r, bytes32 s) = permit(nodeKey(70), 10 ether);
        vm.prank(owner);
        orch.depositWithPermit(address(token), owner, 10 ether, block.timestamp, v, r, s);
        assertEq(creditOf(owner), 10 ether, "credited");
    }

    function test_behavior_aUsedPermitDoesNoHarm() public {
        address owner = vm.addr(nodeKey(70));
        token.mint(owner, 10 ether);
        (uint8 v, bytes32 r, bytes32 s) = permit(nodeKey(70), 10 ether);
        token.permit(owner, address(orch), 10 ether, block.timestamp, v, r, s);
        vm.prank(owner);
        orch.depositWithPermit(address(token), owner, 10 ether, block.timestamp, v, r, s);
        assertEq(creditOf(owner), 10 ether, "credited");
    }
}
