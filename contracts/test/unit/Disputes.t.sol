// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Network} from "../support/Network.sol";
import {vm} from "../support/Vm.sol";
import {IAttestations} from "../../src/interfaces/IAttestations.sol";
import {IDisputes} from "../../src/interfaces/IDisputes.sol";
import {IOraclePay} from "../../src/interfaces/IOraclePay.sol";
import {IProviders} from "../../src/interfaces/IProviders.sol";
import {IReservations} from "../../src/interfaces/IReservations.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {AttestationHeader} from "../../src/types/Messages.sol";
import {OracleLeaf, UnitLeaf, VerdictLeaf} from "../../src/types/Leaves.sol";
import {AttestationResult, Dispute, DisputeStatus, ReservationStatus} from "../../src/types/Records.sol";

contract DisputesTest is Network {
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

    function hashVerdict(VerdictLeaf calldata leaf) external pure returns (bytes32) {
        return Hashing.leaf(leaf);
    }

    function hashPoints(OracleLeaf calldata leaf) external pure returns (bytes32) {
        return Hashing.leaf(leaf);
    }

    function settleExternally(uint40 epoch, uint256 index, uint256 reservation) external {
        settle(epoch, index, reservation);
    }

    function openByConsumer(uint128 amount) internal returns (uint256 disputeId) {
        vm.prank(CONSUMER);
        disputeId = orch.openDispute(id, 0, amount, keccak256("evidence"));
    }

    function attestVerdict(uint256 disputeId, uint8 value, uint40 epoch) internal returns (VerdictLeaf memory leaf) {
        leaf = VerdictLeaf(3, disputeId, epoch, 0, value, keccak256("record"));
        delete otherLeaves;
        otherLeaves.push(this.hashVerdict(leaf));
        attest(epoch);
    }

    /// @dev Attests a verdict and brings it.
    function verdict(uint256 disputeId, uint8 value, uint40 epoch) internal {
        this.bring(attestVerdict(disputeId, value, epoch));
    }

    function bring(VerdictLeaf calldata leaf) external {
        orch.resolveDispute(leaf, prevOf[leaf.epoch], proofOf(leaf.epoch, unitLeaves.length));
    }

    function earnAndSettle(uint40 epoch, uint64 bps) internal {
        unitLeaves[0].paidBpsSum += bps;
        attest(epoch);
        settle(epoch, 0, id);
    }

    function test_default_openedAndUpheld() public {
        vm.prank(CONSUMER);
        vm.expectEmit(address(orch));
        emit IDisputes.DisputeOpened(1, id, CONSUMER, 0, 8 ether, 1 + 3 * DAY, keccak256("evidence"));
        orch.openDispute(id, 0, 8 ether, keccak256("evidence"));
        assertEq(orch.disputeCount(), 1, "count");
        assertEq(orch.reservation(id).disputeId, 1, "on the reservation");
        assertEq(token.balanceOf(CONSUMER), 0, "deposit taken");
        earnAndSettle(2, 10_000);
        assertEq(creditOf(PROVIDER), 0, "5 withheld");
        earnAndSettle(3, 10_000);
        assertEq(creditOf(PROVIDER), 1.96 ether, "3 more withheld, the rest is paid");
        assertEq(orch.dispute(1).frozen, 8 ether, "frozen");
        VerdictLeaf memory leaf = attestVerdict(1, 1, 4);
        vm.expectEmit(address(orch));
        emit IDisputes.DisputeResolved(1, 1, 8 ether, CONSUMER, CONSUMER);
        this.bring(leaf);
        assertEq(creditOf(CONSUMER), 18 ether, "frozen and deposit");
        assertEq(uint8(orch.dispute(1).status), uint8(DisputeStatus.Resolved), "resolved");
        earnAndSettle(5, 20_000);
        assertEq(creditOf(PROVIDER), 11.76 ether, "nothing is withheld any more");
        assertEq(orch.totalStats(address(token)).credited, 8 ether, "credited");
    }

    function test_behavior_rejected() public {
        openByConsumer(8 ether);
        earnAndSettle(2, 10_000);
        verdict(1, 2, 3);
        assertEq(creditOf(CONSUMER), 0, "deposit lost");
        assertEq(creditOf(PROVIDER), 14.9 ether, "5 less the fee, and the deposit");
    }

    function test_behavior_neutral() public {
        openByConsumer(8 ether);
        earnAndSettle(2, 10_000);
        verdict(1, 3, 3);
        assertEq(creditOf(CONSUMER), 10 ether, "deposit back");
        assertEq(creditOf(PROVIDER), 4.9 ether, "as it was settled");
    }

    function test_behavior_unansweredIsNeutral() public {
        openByConsumer(8 ether);
        earnAndSettle(2, 10_000);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.DisputeDeadline.selector, 1 + 3 * DAY));
        orch.expireDispute(1);
        vm.warp(startOf(2 + 3 * DAY));
        orch.expireDispute(1);
        assertEq(creditOf(CONSUMER), 10 ether, "deposit back");
        assertEq(creditOf(PROVIDER), 4.9 ether, "as it was settled");
        assertEq(uint8(orch.dispute(1).status), uint8(DisputeStatus.Expired), "expired");
        vm.expectRevert(abi.encodeWithSelector(IDisputes.DisputeNotOpen.selector, 1));
        orch.expireDispute(1);
    }

    function test_behavior_providersDispute() public {
        fund(PROVIDER, 10 ether, address(orch));
        vm.prank(PROVIDER);
        vm.expectRevert(IReservations.InvalidAmount.selector);
        orch.openDispute(id, 1, 1, 0);
        vm.prank(PROVIDER);
        orch.openDispute(id, 1, 0, 0);
        verdict(1, 2, 2);
        assertEq(creditOf(CONSUMER), 10 ether, "a lost deposit goes to the other side");
        fund(vm.addr(PROVIDER_KEY), 10 ether, address(orch));
        vm.prank(vm.addr(PROVIDER_KEY));
        orch.openDispute(id, 1, 0, 0);
        verdict(2, 1, 3);
        assertEq(creditOf(vm.addr(PROVIDER_KEY)), 10 ether, "an upheld one comes back to its opener");
    }

    function test_behavior_aDisputeOutlivesItsReservation() public {
        openByConsumer(100 ether);
        vm.warp(startOf(2));
        vm.prank(CONSUMER);
        orch.release(id);
        earnAndSettle(3, 20_000);
        assertEq(uint8(orch.reservation(id).status), uint8(ReservationStatus.Released), "closed");
        assertEq(orch.dispute(1).frozen, 10 ether, "frozen");
        verdict(1, 1, 4);
        assertEq(creditOf(CONSUMER), 490 ether + 20 ether, "the released part, the frozen part, the deposit");
    }

    function test_error_open() public {
        vm.expectRevert(IReservations.NotAllowed.selector);
        orch.openDispute(id, 0, 1, 0);
        vm.startPrank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.InvalidKind.selector, 4));
        orch.openDispute(id, 4, 1, 0);
        vm.expectRevert(IReservations.InvalidAmount.selector);
        orch.openDispute(id, 0, 500 ether + 1, 0);
        vm.expectRevert(abi.encodeWithSelector(IReservations.WrongStatus.selector, ReservationStatus.None));
        orch.openDispute(99, 0, 1, 0);
        orch.openDispute(id, 0, 500 ether, 0);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.DisputeExists.selector, 1));
        orch.openDispute(id, 0, 1, 0);
    }

    function test_error_resolve() public {
        openByConsumer(8 ether);
        vm.expectRevert(IDisputes.NoVerdict.selector);
        this.verdictExternally(1, 0, 2);
        vm.expectRevert(IDisputes.NoVerdict.selector);
        this.verdictExternally(1, 4, 3);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.DisputeNotOpen.selector, 2));
        this.verdictExternally(2, 1, 4);
        VerdictLeaf memory leaf = VerdictLeaf(1, 1, 4, 0, 1, 0);
        vm.expectRevert(IAttestations.WrongLeaf.selector);
        orch.resolveDispute(leaf, 1, new bytes32[](0));
        leaf.tag = 3;
        vm.expectRevert(abi.encodeWithSelector(IAttestations.UnknownRoot.selector, 4));
        orch.resolveDispute(leaf, 1, new bytes32[](0));
        uint40 late = 2 + 3 * DAY;
        vm.expectRevert(abi.encodeWithSelector(IDisputes.DisputeDeadline.selector, late - 1));
        this.verdictExternally(1, 1, late);
    }

    function test_error_aVerdictFromBeforeTheDispute() public {
        VerdictLeaf memory leaf = VerdictLeaf(3, 1, 2, 0, 1, 0);
        otherLeaves.push(this.hashVerdict(leaf));
        attest(2);
        openByConsumer(8 ether);
        vm.expectRevert(IDisputes.NoVerdict.selector);
        this.bring(leaf);
    }

    /// @dev Reverts are undone with everything before them, so the root is attested outside of the expectation.
    function verdictExternally(uint256 disputeId, uint8 value, uint40 epoch) external {
        verdict(disputeId, value, epoch);
    }

    function test_default_escapeWithoutAnySettlementRefunds() public {
        vm.warp(startOf(1 + 7 * DAY) - 1);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.NotBefore.selector, 1 + 7 * DAY));
        orch.openEscape(id);
        vm.expectRevert(IDisputes.EscapeNotOpen.selector);
        orch.executeEscape(id);
        vm.warp(startOf(1 + 7 * DAY));
        orch.openEscape(id);
        uint40 from = 1 + 7 * DAY + DAY + 1;
        assertEq(orch.reservation(id).escapeEpoch, from, "a whole day to answer");
        vm.expectRevert(abi.encodeWithSelector(IDisputes.NotBefore.selector, from));
        orch.openEscape(id);
        vm.warp(startOf(from) - 1);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.NotBefore.selector, from));
        orch.executeEscape(id);
        vm.warp(startOf(from));
        orch.executeEscape(id);
        assertEq(creditOf(CONSUMER), 500 ether, "everything back");
        assertEq(uint8(orch.reservation(id).status), uint8(ReservationStatus.Expired), "closed");
        assertEq(orch.unit(unitId).reservedBytes, 0, "freed");
    }

    function test_behavior_escapePaysByTheLastRatioUpToNow() public {
        earnAndSettle(2, 5_000);
        vm.warp(startOf(2 + 7 * DAY));
        orch.openEscape(id);
        vm.warp(startOf(60));
        orch.executeEscape(id);
        // 58 epochs at one half, the remaining 41 back.
        uint256 paid = 2.5 ether + uint256(58) * 2.5 ether;
        assertEq(creditOf(PROVIDER), paid * 98 / 100, "provider");
        assertEq(creditOf(CONSUMER), 500 ether - paid, "consumer");
    }

    function test_behavior_aNewerLeafAnswersTheEscape() public {
        vm.warp(startOf(1 + 7 * DAY));
        orch.openEscape(id);
        earnAndSettle(2 + 7 * DAY, 100);
        vm.warp(startOf(20 + 7 * DAY));
        vm.expectRevert(IDisputes.EscapeNotOpen.selector);
        orch.executeEscape(id);
    }

    function test_behavior_escapeAfterTheEndWithADispute() public {
        earnAndSettle(2, 10_000);
        openByConsumer(3 ether);
        uint256[] memory ids = new uint256[](1);
        ids[0] = id;
        vm.warp(startOf(102));
        orch.expire(ids);
        orch.openEscape(id);
        vm.warp(startOf(102 + DAY + 1));
        orch.executeEscape(id);
        assertEq(orch.dispute(1).frozen, 3 ether, "withheld");
        orch.expireDispute(1);
        assertEq(creditOf(PROVIDER), 490 ether, "all of it");
        assertEq(creditOf(CONSUMER), 10 ether, "deposit");
    }

    function test_behavior_olderErasCloseByEscapeOnly() public {
        uint40 epoch = 2 + 7 * DAY;
        goTo(epoch);
        unitLeaves[0].era = 1;
        bytes32 root = _build(epoch);
        AttestationHeader memory h = header(epoch, root);
        h.parentRoot = 0;
        assertEq(uint8(orch.submitAttestation(h, signedBy(h, 0x1f))), uint8(AttestationResult.Accepted), "new era");
        prevOf[epoch] = lastEpoch;
        vm.expectRevert(IReservations.WrongUnitLeaf.selector);
        this.settleExternally(epoch, 0, id);
        orch.openEscape(id);
        vm.warp(startOf(epoch + DAY + 1));
        orch.executeEscape(id);
        assertEq(creditOf(CONSUMER), 500 ether, "closed");
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
        vm.prank(PROVIDER);
        orch.retireUnit(unitId);
        // Everything but the reserved minimum is on its way out; an incident takes from the whole.
        unitLeaves[0].lossIncidents = 1;
        attest(2);
        notice(2);
        attest(2 + 3 * DAY);
        slash(2 + 3 * DAY);
        assertEq(orch.provider(PROVIDER).bond, 9_900 ether, "bond");
        assertEq(orch.provider(PROVIDER).unbonding, 9_000 ether, "still asked for");
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
