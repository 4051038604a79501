// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Network} from "../support/Network.sol";
import {vm} from "../support/Vm.sol";
import {IAttestations} from "../../src/interfaces/IAttestations.sol";
import {IDisputes} from "../../src/interfaces/IDisputes.sol";
import {IReservations} from "../../src/interfaces/IReservations.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {AttestationHeader} from "../../src/types/Messages.sol";
import {VerdictLeaf} from "../../src/types/Leaves.sol";
import {AttestationResult, DisputeStatus, ReservationStatus} from "../../src/types/Records.sol";

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

    function test_error_aProviderCannotOccupyTheDispute() public {
        vm.prank(PROVIDER);
        vm.expectRevert(IReservations.NotAllowed.selector);
        orch.openDispute(id, 1, 0, 0);
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
        assertEq(orch.reservation(id).escapeEpoch, 0, "answered");
        vm.warp(startOf(20 + 7 * DAY));
        vm.expectRevert(IDisputes.EscapeNotOpen.selector);
        orch.executeEscape(id);
    }

    function test_behavior_escapeAfterTheEndWithADispute() public {
        earnAndSettle(2, 10_000);
        openByConsumer(3 ether);
        uint256[] memory ids = new uint256[](1);
        ids[0] = id;
        vm.warp(startOf(102 + 7 * DAY));
        orch.expire(ids);
        orch.openEscape(id);
        vm.warp(startOf(102 + 8 * DAY + 1));
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
}
