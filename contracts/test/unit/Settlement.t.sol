// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Network} from "../support/Network.sol";
import {Tree} from "../support/Tree.sol";
import {vm} from "../support/Vm.sol";
import {IAttestations} from "../../src/interfaces/IAttestations.sol";
import {IReservations} from "../../src/interfaces/IReservations.sol";
import {UnitLeaf} from "../../src/types/Leaves.sol";
import {Reservation, ReservationStatus, Stats} from "../../src/types/Records.sol";

contract SettlementTest is Network {
    bytes32 internal unitId;
    uint256 internal id;

    function setUp() public {
        unitId = launchWithUnit();
        id = reserveAs(CONSUMER, unitId, 5, 10);
        activate(id, 0);
    }

    function creditOf(address account) internal view returns (uint256) {
        return orch.creditOf(address(token), account);
    }

    function settleExternally(uint40 epoch, uint256 index, uint256 reservation) external {
        settle(epoch, index, reservation);
    }

    function earn(uint64 bps) internal {
        unitLeaves[0].paidBpsSum += bps;
    }

    /// @dev Epochs 2..11 are paid, 5 ether each.
    function test_default_paysByTheLeafAndRefundsTheRest() public {
        earn(27_500);
        attest(4);
        vm.expectEmit(address(orch));
        emit IReservations.ReservationSettled(id, 4, 13.75 ether, 1.25 ether);
        settle(4, 0, id);
        assertEq(creditOf(PROVIDER), 13.75 ether - 0.275 ether, "provider, less 2 % fee");
        assertEq(creditOf(CONSUMER), 1.25 ether, "consumer");
        assertEq(orch.feePool(address(token)), 0.275 ether, "pool");
        Reservation memory r = orch.reservation(id);
        assertEq(r.lastEpoch, 4, "last");
        assertEq(r.lastRatioBps, 9_166, "ratio");
        Stats memory s = orch.providerStats(PROVIDER, address(token));
        assertEq(s.paid, 13.75 ether, "paid");
        assertEq(s.credited, 1.25 ether, "credited");
        s = orch.totalStats(address(token));
        assertEq(s.paid, 13.75 ether, "paid in total");
        assertEq(s.credited, 1.25 ether, "credited in total");
    }

    function test_behavior_theLastSettlementCloses() public {
        earn(30_000);
        attest(4);
        settle(4, 0, id);
        earn(70_000);
        attest(11);
        settle(11, 0, id);
        assertEq(creditOf(PROVIDER), 49 ether, "all of it, less the fee");
        assertEq(creditOf(CONSUMER), 0, "nothing back");
        assertEq(uint8(orch.reservation(id).status), uint8(ReservationStatus.Expired), "closed");
        assertEq(orch.unit(unitId).reservedBytes, 0, "freed");
        assertEq(orch.provider(PROVIDER).reservedBytes, 0, "freed in the provider's figures");
        attest(12);
        vm.expectRevert(abi.encodeWithSelector(IReservations.WrongStatus.selector, ReservationStatus.Expired));
        this.settleExternally(12, 0, id);
    }

    function test_behavior_aLeafAfterTheEndPaysTheReservedEpochsOnly() public {
        earn(100_000);
        attest(13);
        settle(13, 0, id);
        // 10 of 12 epochs at 10/12.
        assertEq(creditOf(CONSUMER) + creditOf(PROVIDER) + orch.feePool(address(token)), 50 ether, "exactly the deposit");
        assertEq(creditOf(CONSUMER), 50 ether - uint256(50 ether) * 10 / 12, "by the mean of the whole interval");
    }

    function test_error_onlyTheFirstLeafAfterTheEnd() public {
        earn(10_000);
        attest(13);
        earn(10_000);
        attest(14);
        vm.expectRevert(abi.encodeWithSelector(IReservations.NotFirstAfterEnd.selector, 11));
        this.settleExternally(14, 0, id);
        settle(13, 0, id);
    }

    function test_behavior_theOldestKeptLeafOnceTheFirstIsOverwritten() public {
        // The first leaf at or after the end is epoch 11; its slot is taken again by 11 + 4096.
        attest(11);
        earn(50_000);
        attest(12);
        attest(20);
        vm.expectRevert(abi.encodeWithSelector(IReservations.NotFirstAfterEnd.selector, 11));
        this.settleExternally(12, 0, id);
        attest(11 + 4096);
        vm.expectRevert(abi.encodeWithSelector(IAttestations.UnknownRoot.selector, 11));
        this.settleExternally(11, 0, id);
        vm.expectRevert(abi.encodeWithSelector(IReservations.NotFirstAfterEnd.selector, 11));
        this.settleExternally(20, 0, id);
        settle(12, 0, id);
    }

    function test_behavior_anExpiredEntryThatIsStillThereDoesNotCount() public {
        attest(12);
        attest(13);
        attest(14);
        attest(13 + 4096);
        // 12 is physically in its slot, but more than 4,096 epochs old: whoever settles must not have the choice.
        vm.expectRevert(abi.encodeWithSelector(IReservations.NotFirstAfterEnd.selector, 11));
        this.settleExternally(12, 0, id);
        settle(14, 0, id);
    }

    function test_behavior_sumsAreClamped() public {
        earn(50_000);
        attest(2);
        settle(2, 0, id);
        assertEq(creditOf(CONSUMER), 0, "never more than the whole rate");
        assertEq(creditOf(PROVIDER), 4.9 ether, "one epoch");
        unitLeaves[0].paidBpsSum = 3;
        attest(3);
        settle(3, 0, id);
        assertEq(creditOf(CONSUMER), 5 ether, "a falling sum pays nothing");
        assertEq(creditOf(PROVIDER), 4.9 ether, "and takes nothing back");
    }

    function testFuzz_behavior_neverMoreThanTheDeposit(uint64[6] memory sums, uint8[6] memory steps) public {
        uint40 epoch = 1;
        for (uint256 i = 0; i < 6; i++) {
            epoch += 1 + steps[i] % 4;
            unitLeaves[0].paidBpsSum = sums[i] % 200_000;
            attest(epoch);
            if (orch.reservation(id).status != ReservationStatus.Active) break;
            if (epoch > 11 && prevOf[epoch] >= 11) break;
            settle(epoch, 0, id);
            Reservation memory r = orch.reservation(id);
            uint256 out = creditOf(CONSUMER) + creditOf(PROVIDER) + orch.feePool(address(token));
            assertEq(out + uint256(5 ether) * (r.endEpoch - r.lastEpoch), 50 ether, "paid, refunded and escrow are the deposit");
        }
    }

    function test_behavior_manyReservationsOneProof() public {
        uint256[] memory ids = new uint256[](3);
        ids[0] = id;
        ids[1] = reserveAs(address(0xA), unitId, 1, 2);
        ids[2] = reserveAs(address(0xB), unitId, 2, 4);
        activate(ids[1], 0);
        activate(ids[2], 0);
        earn(15_000);
        attest(3);
        orch.settle(unitLeavesAt[3][0], 1, proofOf(3, 0), ids);
        assertEq(creditOf(CONSUMER), 2.5 ether, "first");
        assertEq(creditOf(address(0xA)), 0.5 ether, "second");
        assertEq(creditOf(address(0xB)), 1 ether, "third");
        assertEq(uint8(orch.reservation(ids[1]).status), uint8(ReservationStatus.Expired), "the second is over");
    }

    function test_default_settleMany() public {
        addUnit(2);
        addUnit(3);
        attest(2);
        applyState(2, 1);
        applyState(2, 2);
        uint256 second = reserveAs(CONSUMER, unitIdOf(2), 1, 2);
        activate(second, 1);
        uint256 third = reserveAs(CONSUMER, unitIdOf(3), 1, 2);
        activate(third, 2);
        earn(20_000);
        unitLeaves[1].paidBpsSum = 20_000;
        attest(4);
        // Leaves 0 and 1 of 3: slots 4 and 3 share a parent, whose sibling is slot 2.
        UnitLeaf[] memory leaves = new UnitLeaf[](2);
        leaves[0] = unitLeavesAt[4][0];
        leaves[1] = unitLeavesAt[4][1];
        uint256[][] memory ids = new uint256[][](2);
        ids[0] = new uint256[](1);
        ids[0][0] = id;
        ids[1] = new uint256[](1);
        ids[1][0] = second;
        bytes32[] memory proof = new bytes32[](1);
        bytes32[] memory slots = Tree.slots(leavesAt[4]);
        bool[] memory flags = new bool[](2);
        // With three leaves, slots 3 and 4 (leaves 1 and 0) are the children of slot 1.
        proof[0] = slots[2];
        flags[0] = true;
        orch.settleMany(leaves, ids, 2, proof, flags);
        assertEq(orch.reservation(id).lastEpoch, 4, "first");
        assertEq(uint8(orch.reservation(second).status), uint8(ReservationStatus.Expired), "second");

        vm.expectRevert(IReservations.InvalidAmount.selector);
        orch.settleMany(leaves, new uint256[][](1), 2, proof, flags);
        vm.expectRevert(IReservations.InvalidAmount.selector);
        orch.settleMany(new UnitLeaf[](0), new uint256[][](0), 2, proof, flags);
        leaves[1].epoch = 3;
        vm.expectRevert(IAttestations.WrongLeaf.selector);
        orch.settleMany(leaves, ids, 2, proof, flags);
        leaves[1].epoch = 4;
        leaves[1].paidBpsSum = 1;
        vm.expectRevert(abi.encodeWithSelector(IAttestations.UnknownRoot.selector, 4));
        orch.settleMany(leaves, ids, 2, proof, flags);
    }

    function test_error_settle() public {
        vm.expectRevert(abi.encodeWithSelector(IReservations.AlreadySettled.selector, 1));
        this.settleExternally(1, 0, id);
        attest(2);
        vm.expectRevert(abi.encodeWithSelector(IReservations.WrongStatus.selector, ReservationStatus.None));
        this.settleExternally(2, 0, 99);
        UnitLeaf memory leaf = unitLeavesAt[2][0];
        bytes32[] memory proof = proofOf(2, 0);
        uint256[] memory ids = new uint256[](1);
        ids[0] = id;
        leaf.tag = 3;
        vm.expectRevert(IAttestations.WrongLeaf.selector);
        orch.settle(leaf, 1, proof, ids);
        leaf.tag = 1;
        leaf.paidBpsSum = 10_000;
        vm.expectRevert(abi.encodeWithSelector(IAttestations.UnknownRoot.selector, 2));
        orch.settle(leaf, 1, proof, ids);
    }

    function test_error_anotherUnitsLeafOrEra() public {
        addUnit(2);
        attest(2);
        vm.expectRevert(IReservations.WrongUnitLeaf.selector);
        this.settleExternally(2, 1, id);
        unitLeaves[0].era = 1;
        attest(3);
        vm.expectRevert(IReservations.WrongUnitLeaf.selector);
        this.settleExternally(3, 0, id);
    }

    function test_behavior_settlementGoesOnWhilePaused() public {
        orch.setPaused(true);
        earn(10_000);
        attest(2);
        settle(2, 0, id);
        vm.prank(PROVIDER);
        assertEq(orch.withdraw(address(token), PROVIDER), 4.9 ether, "withdrawn");
    }

    function test_behavior_expireWithoutAttestationsWaitsForTheEscapePeriod() public {
        uint256[] memory ids = new uint256[](1);
        ids[0] = id;
        vm.warp(startOf(12 + 7 * DAY) - 1);
        vm.expectRevert(IReservations.NotAllowed.selector);
        orch.expire(ids);
        vm.warp(startOf(12 + 7 * DAY));
        orch.expire(ids);
        assertEq(orch.unit(unitId).reservedBytes, 0, "freed");
    }

    function test_behavior_feesAreTheFloorOfTheTotal() public {
        // Many odd amounts: the pool is floor(2 % of everything paid), whatever the steps were.
        for (uint40 epoch = 2; epoch <= 11; epoch++) {
            earn(uint64(1 + uint256(keccak256(abi.encode(epoch))) % 9_999));
            attest(epoch);
            settle(epoch, 0, id);
        }
        uint256 paid = orch.totalStats(address(token)).paid;
        assertEq(orch.feePool(address(token)), paid * 200 / 10_000, "pool");
        assertEq(creditOf(PROVIDER), paid - paid * 200 / 10_000, "provider");
    }
}
