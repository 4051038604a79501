// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Network} from "../support/Network.sol";
import {vm} from "../support/Vm.sol";
import {OracleSet} from "../../src/OracleSet.sol";
import {IOracleSet} from "../../src/interfaces/IOracleSet.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {Anchor, Oracle, OracleSetParams, SetTerm} from "../../src/types/Oracles.sol";
import {AttestationHeader} from "../../src/types/Messages.sol";
import {AttestationResult} from "../../src/types/Records.sol";

contract OracleSetTest is Network {
    function setUp() public {
        launch(7);
    }

    function oracleOf(uint256 i) internal view returns (Oracle memory) {
        return oracles.oracle(operatorOf(i));
    }

    function revertWith(bytes4 selector, uint256 value) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, value));
    }

    function test_default_registration() public {
        registerOracle(7, 120 ether);
        Oracle memory own = oracleOf(7);
        assertEq(own.node, vm.addr(nodeKey(7)), "node");
        assertEq(own.bond, 120 ether, "bond");
        assertTrue(own.seated, "seated");
        assertEq(own.anchor.value, keccak256(abi.encode("anchor", 7)), "anchor");
        assertEq(oracles.operatorOf(own.node), operatorOf(7), "operator");
        assertEq(oracles.candidates().length, 8, "candidates");
        assertEq(token.balanceOf(address(oracles)), 820 ether, "bonds held");
        assertEq(oracles.orchestrator(), address(orch), "orchestrator");
        assertEq(oracles.params().minBond, 100 ether, "params");
    }

    function test_error_registration() public {
        address operator = operatorOf(7);
        address node = vm.addr(nodeKey(7));
        fund(operator, 1_000 ether, address(oracles));
        bytes memory consent = signature(nodeKey(7), Hashing.consent(operator));
        bytes memory selfConsent = signature(nodeKey(7), Hashing.consent(node));
        Anchor memory anchor = Anchor(keccak256("a"), 5);
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(IOracleSet.BondTooLow.selector, 99 ether, 100 ether));
        oracles.register(node, 99 ether, anchor, consent);
        vm.expectRevert(IOracleSet.NoConsent.selector);
        oracles.register(vm.addr(nodeKey(8)), 100 ether, anchor, consent);
        vm.expectRevert(IOracleSet.NoConsent.selector);
        oracles.register(node, 100 ether, anchor, hex"00");
        vm.expectRevert(IOracleSet.NodeTaken.selector);
        oracles.register(vm.addr(nodeKey(0)), 100 ether, anchor, consent);
        revertWith(IOracleSet.InvalidAnchor.selector, 0);
        oracles.register(node, 100 ether, Anchor(0, 5), consent);
        vm.warp(startOf(10));
        revertWith(IOracleSet.InvalidAnchor.selector, 12);
        oracles.register(node, 100 ether, Anchor(keccak256("a"), 11), consent);
        oracles.register(node, 100 ether, Anchor(keccak256("a"), 12), consent);
        vm.expectRevert(IOracleSet.AlreadyRegistered.selector);
        oracles.register(node, 100 ether, anchor, consent);
        vm.stopPrank();
        vm.prank(node);
        vm.expectRevert(IOracleSet.NodeIsOperator.selector);
        oracles.register(node, 100 ether, anchor, selfConsent);
    }

    function test_error_bind() public {
        vm.expectRevert(IOracleSet.AlreadyBound.selector);
        oracles.bind(address(orch));
        vm.prank(CONSUMER);
        vm.expectRevert(IOracleSet.Unauthorized.selector);
        oracles.bind(address(orch));
        OracleSet other = OracleSet(create("OracleSet", abi.encode(setParams(), address(this))));
        vm.expectRevert(abi.encodeWithSelector(IOracleSet.InvalidParameter.selector, bytes32("orchestrator")));
        other.bind(address(orch));
        fund(CONSUMER, 100 ether, address(other));
        vm.prank(CONSUMER);
        vm.expectRevert(IOracleSet.NotBound.selector);
        other.register(PROVIDER, 100 ether, Anchor(keccak256("a"), 5), "");
    }

    function test_error_parameterBounds() public {
        for (uint256 i = 0; i < 8; i++) {
            OracleSetParams memory p = setParams();
            bytes32 name;
            if (i == 0) (p.minBond, name) = (0, "minBond");
            if (i == 1) (p.slashAmount, name) = (101 ether, "slashAmount");
            if (i == 2) (p.reporterReward, name) = (6 ether, "reporterReward");
            if (i == 3) (p.seatLimit, name) = (3, "seatLimit");
            if (i == 4) (p.seatLimit, name) = (32, "seatLimit");
            if (i == 5) (p.unbondingEpochs, name) = (20, "unbondingEpochs");
            if (i == 6) (p.rotationEpochs, name) = (0, "rotationEpochs");
            if (i == 7) (p.treasury, name) = (address(0), "treasury");
            vm.expectRevert(abi.encodeWithSelector(IOracleSet.InvalidParameter.selector, name));
            this.createExternally("OracleSet", abi.encode(p, address(this)));
        }
    }

    function test_default_firstSetBeginsWithEpochZero() public view {
        SetTerm memory term = oracles.setAt(0);
        assertEq(term.setId, 1, "set");
        assertEq(term.firstEpoch, 0, "first");
        assertEq(term.untilEpoch, type(uint40).max, "open end");
        assertEq(oracles.setCount(), 1, "count");
        address[] memory nodes = oracles.nodesOf(1);
        assertEq(nodes.length, 7, "nodes");
        for (uint256 i = 0; i < 7; i++) {
            assertEq(nodes[i], vm.addr(nodeKeys[i]), "in order");
        }
        (uint256 f, uint256 quorum) = oracles.quorumOf(7);
        assertEq(f, 2, "f");
        assertEq(quorum, 5, "quorum");
        assertEq(oracles.nodesPointer(1).code.length, 1 + 7 * 20, "one code blob");
    }

    function test_behavior_firstSetAfterGenesisBeginsWithTheNextEpoch() public {
        deploy();
        for (uint256 i = 0; i < 4; i++) {
            registerOracle(i, 100 ether);
        }
        assertEq(oracles.setAt(100).setId, 0, "none");
        vm.warp(startOf(5));
        (, uint40 first) = oracles.recompute();
        assertEq(first, 6, "next epoch");
        assertEq(oracles.setAt(5).setId, 0, "not before");
    }

    function test_error_attestationWithoutASet() public {
        deploy();
        goTo(3);
        AttestationHeader memory h = header(3, keccak256("r"));
        assertEq(uint8(orch.submitAttestation(h, "")), uint8(AttestationResult.WrongSet), "no set");
    }

    function test_behavior_rotationMissesNoEpoch() public {
        attest(0);
        registerOracle(7, 150 ether);
        attest(1);
        (uint64 setId, uint40 first) = oracles.recompute();
        assertEq(setId, 2, "id");
        assertEq(first, 3, "two ahead");
        assertEq(oracles.setAt(2).setId, 1, "old set until then");
        assertEq(oracles.setAt(2).untilEpoch, 3, "until");
        attest(2);
        goTo(3);
        AttestationHeader memory h = header(3, keccak256("r"));
        h.setId = 1;
        assertEq(uint8(orch.submitAttestation(h, signedBy(h, 0x1f))), uint8(AttestationResult.WrongSet), "old set");
        nodeKeys.push(nodeKey(7));
        attest(3);
        attest(4);
        assertEq(orch.head().epoch, 4, "no epoch missed");
    }

    function test_behavior_oldSetAttestsItsLastEpochLate() public {
        registerOracle(7, 150 ether);
        attest(1);
        oracles.recompute();
        // Epoch 2 is the old set's, also when its window reaches into the new set's first epoch.
        vm.warp(startOf(3) + L / 2);
        AttestationHeader memory h = header(2, keccak256("r"));
        assertEq(h.setId, 1, "old set");
        assertEq(uint8(orch.submitAttestation(h, signedBy(h, 0x1f))), uint8(AttestationResult.Accepted), "late");
    }

    /// @dev The first four to come would otherwise hold the first day of the network.
    function test_behavior_beforeGenesisAHigherBondStillEntersTheFirstSet() public {
        registerOracle(7, 200 ether);
        (uint64 setId, uint40 first) = oracles.recompute();
        assertEq(setId, 2, "a second set");
        assertEq(first, 0, "from the same epoch on");
        assertEq(oracles.setAt(0).setId, 2, "it takes the first one's place");
        registerOracle(8, 200 ether);
        vm.warp(GENESIS - 2 * L + 1);
        revertWith(IOracleSet.TooEarly.selector, 1);
        oracles.recompute();
        vm.prank(operatorOf(0));
        oracles.leave();
        assertEq(oracles.bondReleaseEpoch(operatorOf(0)), 1 + 4 * 40, "of the newest set");
    }

    function test_error_recompute() public {
        vm.expectRevert(abi.encodeWithSelector(IOracleSet.TooEarly.selector, 1));
        vm.warp(startOf(0));
        oracles.recompute();
        vm.warp(startOf(1));
        vm.expectRevert(IOracleSet.SetUnchanged.selector);
        oracles.recompute();
        registerOracle(7, 100 ether);
        oracles.recompute();
        revertWith(IOracleSet.TooEarly.selector, 4);
        oracles.recompute();
        vm.warp(startOf(10));
        for (uint256 i = 0; i < 5; i++) {
            vm.prank(operatorOf(i));
            oracles.leave();
        }
        revertWith(IOracleSet.TooFewCandidates.selector, 3);
        oracles.recompute();
    }

    function test_behavior_seatsGoToTheHighestBonds() public {
        for (uint256 i = 7; i < 31; i++) {
            registerOracle(i, 100 ether);
        }
        registerOracle(31, 100 ether);
        assertTrue(!oracleOf(31).seated, "no seat for an equal bond");
        vm.expectRevert(IOracleSet.NoSeat.selector);
        oracles.claimSeat(operatorOf(31));
        registerOracle(32, 101 ether);
        assertTrue(oracleOf(32).seated, "a higher bond takes one");
        assertTrue(!oracleOf(30).seated, "from the latest of the lowest");
        fund(operatorOf(31), 2 ether, address(oracles));
        vm.prank(operatorOf(31));
        oracles.increaseBond(2 ether);
        assertTrue(oracleOf(31).seated, "a raised bond takes one");
        assertEq(oracles.candidates().length, 31, "31 seats");
        vm.expectRevert(IOracleSet.NoSeat.selector);
        oracles.claimSeat(operatorOf(31));
        vm.prank(operatorOf(0));
        oracles.leave();
        oracles.claimSeat(operatorOf(30));
        assertTrue(oracleOf(30).seated, "a free seat is claimed");
        vm.warp(startOf(1));
        oracles.recompute();
        assertEq(oracles.nodesOf(2).length, 31, "a set of 31");
    }

    function test_default_renewedAnchor() public {
        vm.warp(startOf(4));
        vm.prank(operatorOf(0));
        vm.expectEmit(address(oracles));
        emit IOracleSet.AnchorAnnounced(vm.addr(nodeKeys[0]), keccak256("new"), 6);
        oracles.renewAnchor(Anchor(keccak256("new"), 6));
        assertEq(oracleOf(0).anchor.baseEpoch, 6, "base");
        vm.prank(operatorOf(0));
        revertWith(IOracleSet.InvalidAnchor.selector, 6);
        oracles.renewAnchor(Anchor(keccak256("new"), 5));
    }

    function test_error_strangersAndLeavers() public {
        vm.startPrank(CONSUMER);
        vm.expectRevert(IOracleSet.NotRegistered.selector);
        oracles.leave();
        vm.expectRevert(IOracleSet.NotRegistered.selector);
        oracles.increaseBond(1);
        vm.expectRevert(IOracleSet.NotRegistered.selector);
        oracles.renewAnchor(Anchor(keccak256("new"), 6));
        vm.expectRevert(IOracleSet.NotRegistered.selector);
        oracles.withdrawBond();
        vm.expectRevert(IOracleSet.NothingToWithdraw.selector);
        oracles.withdrawReward();
        vm.stopPrank();
        vm.expectRevert(IOracleSet.NotRegistered.selector);
        oracles.claimSeat(CONSUMER);
        vm.startPrank(operatorOf(0));
        vm.expectRevert(IOracleSet.NotLeaving.selector);
        oracles.withdrawBond();
        oracles.leave();
        vm.expectRevert(IOracleSet.Leaving.selector);
        oracles.leave();
        vm.expectRevert(IOracleSet.Leaving.selector);
        oracles.increaseBond(1);
        vm.expectRevert(IOracleSet.Leaving.selector);
        oracles.renewAnchor(Anchor(keccak256("new"), 6));
        vm.expectRevert(IOracleSet.Leaving.selector);
        oracles.claimSeat(operatorOf(0));
        vm.stopPrank();
    }

    function test_behavior_bondComesBackAfterTheLastDuty() public {
        vm.warp(startOf(1));
        vm.prank(operatorOf(0));
        oracles.leave();
        assertEq(oracles.bondReleaseEpoch(operatorOf(0)), 2 + 4 * 40, "as long as no set replaces it");
        vm.warp(startOf(5));
        oracles.recompute();
        assertEq(oracles.bondReleaseEpoch(operatorOf(0)), 7 + 40, "from the end of its duty");
        vm.warp(startOf(47) - 1);
        vm.prank(operatorOf(0));
        revertWith(IOracleSet.TooEarly.selector, 47);
        oracles.withdrawBond();
        vm.warp(startOf(47));
        vm.prank(operatorOf(0));
        assertEq(oracles.withdrawBond(), 100 ether, "whole bond");
        assertEq(token.balanceOf(operatorOf(0)), 100 ether, "received");
        assertEq(oracles.operatorOf(vm.addr(nodeKeys[0])), operatorOf(0), "points still belong to it");
        registerOracle(0, 100 ether);
        assertTrue(oracleOf(0).seated, "may come back with its node");
    }

    function test_behavior_bondOfOneThatNeverSat() public {
        registerOracle(7, 100 ether);
        vm.prank(operatorOf(7));
        oracles.leave();
        assertEq(oracles.bondReleaseEpoch(operatorOf(7)), 1 + 40, "from leaving");
    }
}
