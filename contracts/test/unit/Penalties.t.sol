// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Network} from "../support/Network.sol";
import {vm} from "../support/Vm.sol";
import {IAttestations} from "../../src/interfaces/IAttestations.sol";
import {IDisputes} from "../../src/interfaces/IDisputes.sol";
import {IOraclePay} from "../../src/interfaces/IOraclePay.sol";
import {IProviders} from "../../src/interfaces/IProviders.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {OracleLeaf, UnitLeaf} from "../../src/types/Leaves.sol";
import {UnitStatus} from "../../src/types/Records.sol";

contract PenaltiesTest is Network {
    bytes32 internal unitId;
    uint256 internal id;

    function setUp() public {
        unitId = launchWithUnit();
        id = reserveAs(CONSUMER, unitId, 5, 100);
        activate(id, 0);
        fund(CONSUMER, 10 ether, address(orch));
    }

    function creditOf(address account) internal view returns (uint256) {
        return orch.creditOf(address(token), account);
    }

    function hashPoints(OracleLeaf calldata leaf) external pure returns (bytes32) {
        return Hashing.leaf(leaf);
    }

    function earnAndSettle(uint40 epoch, uint64 bps) internal {
        unitLeaves[0].paidBpsSum += bps;
        attest(epoch);
        settle(epoch, 0, id);
    }

    function notice(uint40 epoch) internal {
        orch.noticeLoss(unitLeavesAt[epoch][0], prevOf[epoch], proofOf(epoch, 0));
    }

    function slash(uint40 epoch) internal {
        orch.slashLoss(unitLeavesAt[epoch][0], prevOf[epoch], proofOf(epoch, 0));
    }

    function noticeExternally(uint40 epoch) external {
        notice(epoch);
    }

    function slashExternally(uint40 epoch) external {
        slash(epoch);
    }

    function abandonExternally(uint40 epoch) external {
        orch.slashAbandonment(unitLeavesAt[epoch][0], prevOf[epoch], proofOf(epoch, 0));
    }

    function test_default_lossIsSlashedAfterTheWindow() public {
        vm.expectRevert(IDisputes.NoNewLoss.selector);
        this.noticeExternally(1);
        unitLeaves[0].lossIncidents = 2;
        attest(2);
        vm.expectRevert(IDisputes.NoNewLoss.selector);
        this.slashExternally(2);
        vm.expectEmit(address(orch));
        emit IDisputes.LossNoticed(unitId, 2, 2 + 3 * DAY);
        notice(2);
        vm.expectRevert(IDisputes.NoNewLoss.selector);
        this.noticeExternally(2);
        attest(1 + 3 * DAY);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.NotBefore.selector, 2 + 3 * DAY));
        this.slashExternally(1 + 3 * DAY);
        attest(2 + 3 * DAY);
        vm.expectEmit(address(orch));
        emit IDisputes.ProviderSlashed(PROVIDER, unitId, 2, 200 ether, address(this));
        slash(2 + 3 * DAY);
        assertEq(orch.provider(PROVIDER).bond, 9_800 ether, "bond");
        assertEq(orch.provider(PROVIDER).slashed, 200 ether, "slashed");
        assertEq(orch.totalStats(address(token)).slashed, 200 ether, "in total");
        assertEq(creditOf(address(this)), 5 ether, "reward");
        assertEq(creditOf(treasury), 195 ether, "treasury");
        assertEq(orch.treasury(), treasury, "treasury's address");
        vm.expectRevert(IDisputes.NoNewLoss.selector);
        this.slashExternally(2 + 3 * DAY);
    }

    function test_behavior_aLossThatWasTakenBackCostsNothing() public {
        unitLeaves[0].lossIncidents = 1;
        attest(2);
        notice(2);
        unitLeaves[0].lossIncidents = 0;
        attest(2 + 3 * DAY);
        vm.expectEmit(address(orch));
        emit IDisputes.LossWithdrawn(unitId, 0);
        slash(2 + 3 * DAY);
        assertEq(orch.provider(PROVIDER).bond, 10_000 ether, "untouched");
    }

    function test_behavior_lossIsCappedPerUnitAndThirtyDays() public {
        unitLeaves[0].lossIncidents = 4;
        attest(2);
        notice(2);
        attest(2 + 3 * DAY);
        slash(2 + 3 * DAY);
        assertEq(orch.provider(PROVIDER).bond, 9_750 ether, "capped");
        unitLeaves[0].lossIncidents = 5;
        attest(3 + 3 * DAY);
        notice(3 + 3 * DAY);
        attest(3 + 6 * DAY);
        slash(3 + 6 * DAY);
        assertEq(orch.provider(PROVIDER).bond, 9_750 ether, "nothing more this month");
        unitLeaves[0].lossIncidents = 6;
        attest(40 * DAY);
        notice(40 * DAY);
        attest(43 * DAY);
        slash(43 * DAY);
        assertEq(orch.provider(PROVIDER).bond, 9_650 ether, "a new month");
    }

    function test_behavior_aSlashReachesWhatIsBeingWithdrawn() public {
        vm.prank(PROVIDER);
        orch.requestUnbond(9_000 ether);
        // Everything but the minimum is on its way out; an incident takes from the whole.
        unitLeaves[0].lossIncidents = 1;
        attest(2);
        notice(2);
        attest(2 + 3 * DAY);
        slash(2 + 3 * DAY);
        assertEq(orch.provider(PROVIDER).bond, 9_900 ether, "bond");
        assertEq(orch.provider(PROVIDER).unbonding, 9_000 ether, "still asked for");
    }

    /// @dev Retired units are attested no more, so nothing could confirm the loss.
    function test_error_retiringUnderANoticedLoss() public {
        vm.prank(CONSUMER);
        orch.release(id);
        unitLeaves[0].lossIncidents = 1;
        attest(2);
        settle(2, 0, id);
        assertEq(orch.unit(unitId).reservedBytes, 0, "nothing is reserved");
        notice(2);
        vm.startPrank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.NotBefore.selector, 2 + 10 * DAY));
        orch.retireUnit(unitId);
        vm.stopPrank();
        attest(2 + 3 * DAY);
        slash(2 + 3 * DAY);
        vm.prank(PROVIDER);
        orch.retireUnit(unitId);
        assertEq(orch.provider(PROVIDER).slashed, 100 ether, "slashed first");
    }

    function test_behavior_aNoticeThatNobodyCanConfirmHoldsAUnitForSoLong() public {
        vm.prank(CONSUMER);
        orch.release(id);
        unitLeaves[0].lossIncidents = 1;
        attest(2);
        settle(2, 0, id);
        notice(2);
        vm.warp(startOf(2 + 10 * DAY));
        vm.prank(PROVIDER);
        orch.retireUnit(unitId);
    }

    /// @dev Otherwise a loss that was taken back could be noticed again and again, from the same old root.
    function test_error_noticingFromALeafBeforeTheLastNotice() public {
        unitLeaves[0].lossIncidents = 1;
        attest(2);
        notice(2);
        unitLeaves[0].lossIncidents = 0;
        attest(2 + 3 * DAY);
        slash(2 + 3 * DAY);
        vm.expectRevert(IDisputes.NoNewLoss.selector);
        this.noticeExternally(2);
        unitLeaves[0].lossIncidents = 1;
        attest(3 + 3 * DAY);
        notice(3 + 3 * DAY);
    }

    function test_behavior_aRemovedUnitStaysAttestedWhileItIsReserved() public {
        unitLeaves[0].state = 6;
        attest(2);
        applyState(2, 0);
        assertEq(uint8(orch.unit(unitId).status), uint8(UnitStatus.Active), "not retired yet");
        attest(3);
        this.abandonExternally(3);
        assertEq(orch.provider(PROVIDER).slashed, 500 ether, "abandonment can still be slashed");
        vm.prank(CONSUMER);
        orch.release(id);
        attest(4);
        settle(4, 0, id);
        attest(5);
        applyState(5, 0);
        assertEq(uint8(orch.unit(unitId).status), uint8(UnitStatus.Retired), "retired once it is free");
    }

    function test_default_abandonment() public {
        vm.expectRevert(IDisputes.NotAbandoned.selector);
        this.abandonExternally(1);
        unitLeaves[0].state = 6;
        attest(2);
        this.abandonExternally(2);
        assertEq(orch.provider(PROVIDER).bond, 9_500 ether, "slashed");
        vm.expectRevert(IDisputes.NotAbandoned.selector);
        this.abandonExternally(2);
        attest(3);
        vm.expectRevert(IDisputes.NotAbandoned.selector);
        this.abandonExternally(3);
    }

    function test_error_abandonmentOfNothing() public {
        vm.prank(CONSUMER);
        orch.release(id);
        unitLeaves[0].state = 6;
        attest(2);
        settle(2, 0, id);
        vm.expectRevert(IDisputes.NotAbandoned.selector);
        this.abandonExternally(2);
        attest(3);
        vm.expectRevert(IDisputes.NotAbandoned.selector);
        this.abandonExternally(2);
    }

    function test_error_penaltyLeaves() public {
        UnitLeaf memory leaf = unitLeavesAt[1][0];
        bytes32[] memory proof = proofOf(1, 0);
        leaf.tag = 2;
        vm.expectRevert(IAttestations.WrongLeaf.selector);
        orch.noticeLoss(leaf, 0, proof);
        leaf.tag = 1;
        leaf.lossIncidents = 1;
        vm.expectRevert(abi.encodeWithSelector(IAttestations.UnknownRoot.selector, 1));
        orch.noticeLoss(leaf, 0, proof);
        unitLeaves.push(unitLeaves[0]);
        unitLeaves[1].unitId = keccak256("nobody's");
        attest(2);
        leaf = unitLeavesAt[2][1];
        proof = proofOf(2, 1);
        vm.expectRevert(abi.encodeWithSelector(IProviders.UnknownUnit.selector, keccak256("nobody's")));
        orch.noticeLoss(leaf, 1, proof);
    }

    function points(uint40 epoch, uint64 value) internal returns (OracleLeaf memory leaf) {
        leaf = OracleLeaf(2, vm.addr(nodeKeys[0]), epoch, 0, value, 0);
        delete otherLeaves;
        otherLeaves.push(this.hashPoints(leaf));
        attest(epoch);
    }

    function claim(OracleLeaf memory leaf) public returns (uint256) {
        return orch.claimPoints(leaf, prevOf[leaf.epoch], proofOf(leaf.epoch, unitLeaves.length), address(token));
    }

    function test_default_pointsArePaidOnce() public {
        earnAndSettle(2, 10_000);
        assertEq(orch.feePool(address(token)), 0.1 ether, "pool: 100 points");
        OracleLeaf memory leaf = points(3, 30);
        vm.expectEmit(address(orch));
        emit IOraclePay.PointsClaimed(leaf.node, address(token), 30, 0.03 ether);
        assertEq(claim(leaf), 0.03 ether, "amount");
        assertEq(creditOf(operatorOf(0)), 0.03 ether, "to the operator");
        vm.expectRevert(IOraclePay.NothingToClaim.selector);
        this.claim(leaf);
        leaf = points(4, 180);
        assertEq(claim(leaf), 0.07 ether, "as far as the pool reaches");
        assertEq(orch.claimedPoints(0, leaf.node, address(token)), 100, "the rest stays due");
        assertEq(orch.feePool(address(token)), 0, "empty");
        vm.expectRevert(IOraclePay.NothingToClaim.selector);
        this.claim(leaf);
        earnAndSettle(5, 10_000);
        leaf = points(6, 180);
        assertEq(claim(leaf), 0.08 ether, "and is paid later");
    }

    function test_error_points() public {
        earnAndSettle(2, 10_000);
        OracleLeaf memory leaf = points(3, 30);
        leaf.tag = 1;
        vm.expectRevert(IAttestations.WrongLeaf.selector);
        this.claim(leaf);
        leaf.tag = 2;
        leaf.points = 31;
        vm.expectRevert(abi.encodeWithSelector(IAttestations.UnknownRoot.selector, 3));
        this.claim(leaf);
        leaf.points = 30;
        bytes32[] memory proof = proofOf(3, 1);
        vm.expectRevert(IOraclePay.NothingToClaim.selector);
        orch.claimPoints(leaf, 2, proof, address(0x1234));
        leaf = OracleLeaf(2, address(0xBAD), 4, 0, 5, 0);
        delete otherLeaves;
        otherLeaves.push(this.hashPoints(leaf));
        attest(4);
        vm.expectRevert(IOraclePay.NothingToClaim.selector);
        this.claim(leaf);
    }
}
