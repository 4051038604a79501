// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Network} from "../support/Network.sol";
import {vm} from "../support/Vm.sol";
import {IOracleSet} from "../../src/interfaces/IOracleSet.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {Oracle} from "../../src/types/Oracles.sol";
import {AttestationHeader, Commit, RevealHeader} from "../../src/types/Messages.sol";

contract EquivocationTest is Network {
    function setUp() public {
        launch(7);
    }

    function oracleOf(uint256 i) internal view returns (Oracle memory) {
        return oracles.oracle(operatorOf(i));
    }

    function revertWith(bytes4 selector, uint256 value) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, value));
    }

    function commits(uint40 epoch) internal pure returns (Commit memory a, Commit memory b) {
        a = Commit(1, epoch, keccak256("a"));
        b = Commit(1, epoch, keccak256("b"));
    }

    function hashCommit(Commit calldata c) external pure returns (bytes32) {
        return Hashing.commit(c);
    }

    function hashReveal(RevealHeader calldata r) external pure returns (bytes32) {
        return Hashing.revealHeader(r);
    }

    function proveCommits(uint256 keyA, uint256 keyB, Commit memory a, Commit memory b) internal {
        oracles.proveCommits(a, signature(keyA, this.hashCommit(a)), b, signature(keyB, this.hashCommit(b)));
    }

    function test_default_twoCommitsAreSlashed() public {
        vm.warp(startOf(5));
        (Commit memory a, Commit memory b) = commits(5);
        vm.prank(CONSUMER);
        vm.expectEmit(address(oracles));
        emit IOracleSet.OracleSlashed(operatorOf(2), vm.addr(nodeKeys[2]), 0, 5, 50 ether, CONSUMER);
        this.proveCommitsAs(2, a, b);
        assertEq(oracleOf(2).bond, 50 ether, "bond");
        assertTrue(!oracleOf(2).seated, "below the minimum: no seat in the next set");
        assertEq(oracles.rewardOf(CONSUMER), 5 ether, "reward");
        assertEq(oracles.rewardOf(treasury), 45 ether, "treasury");
        vm.prank(treasury);
        oracles.withdrawReward();
        assertEq(token.balanceOf(treasury), 45 ether, "withdrawn");
    }

    function proveCommitsAs(uint256 i, Commit memory a, Commit memory b) external {
        bytes memory sa = signature(nodeKeys[i], this.hashCommit(a));
        bytes memory sb = signature(nodeKeys[i], this.hashCommit(b));
        vm.prank(CONSUMER);
        oracles.proveCommits(a, sa, b, sb);
    }

    function test_behavior_onceForOneThing() public {
        vm.warp(startOf(5));
        (Commit memory a, Commit memory b) = commits(5);
        proveCommits(nodeKeys[2], nodeKeys[2], a, b);
        b.commitHash = keccak256("c");
        bytes memory sa = signature(nodeKeys[2], this.hashCommit(a));
        bytes memory sb = signature(nodeKeys[2], this.hashCommit(b));
        vm.expectRevert(IOracleSet.AlreadySlashed.selector);
        oracles.proveCommits(a, sa, b, sb);
        (a, b) = commits(6);
        proveCommits(nodeKeys[2], nodeKeys[2], a, b);
        assertEq(oracleOf(2).bond, 0, "another epoch is another offence");
        (a, b) = commits(7);
        proveCommits(nodeKeys[2], nodeKeys[2], a, b);
        assertEq(oracleOf(2).bond, 0, "nothing left to take");
    }

    function test_default_twoRevealsAreSlashed() public {
        vm.warp(startOf(5));
        RevealHeader memory a = RevealHeader(1, 5, keccak256("a"), 0, 0, 0, 0);
        RevealHeader memory b = RevealHeader(1, 5, keccak256("b"), 0, 0, 0, 0);
        bytes memory sa = signature(nodeKeys[3], this.hashReveal(a));
        bytes memory sb = signature(nodeKeys[3], this.hashReveal(b));
        oracles.proveReveals(a, sa, b, sb);
        assertEq(oracleOf(3).bond, 50 ether, "slashed");
        b.setId = 2;
        vm.expectRevert(IOracleSet.NotEquivocation.selector);
        oracles.proveReveals(a, sa, b, sb);
    }

    function test_default_twoAttestationsAreSlashed() public {
        vm.warp(startOf(5));
        AttestationHeader memory a = header(5, keccak256("a"));
        AttestationHeader memory b = header(5, keccak256("b"));
        bytes memory sa = signature(nodeKeys[4], this.hashHeader(a));
        bytes memory sb = signature(nodeKeys[4], this.hashHeader(b));
        oracles.proveAttestations(a, sa, b, sb);
        assertEq(oracleOf(4).bond, 50 ether, "slashed");
        b.attempt = 1;
        vm.expectRevert(IOracleSet.NotEquivocation.selector);
        oracles.proveAttestations(a, sa, b, sb);
    }

    function test_error_evidence() public {
        vm.warp(startOf(30));
        (Commit memory a, Commit memory b) = commits(30);
        bytes memory sa = signature(nodeKeys[2], this.hashCommit(a));
        bytes memory sb = signature(nodeKeys[2], this.hashCommit(b));
        vm.expectRevert(IOracleSet.NotEquivocation.selector);
        oracles.proveCommits(a, sa, a, sa);
        bytes memory other = signature(nodeKeys[3], this.hashCommit(b));
        vm.expectRevert(IOracleSet.InvalidEvidence.selector);
        oracles.proveCommits(a, sa, b, other);
        // The same signature with the other s: not canonical, so it is nobody's.
        bytes memory mirrored = abi.encodePacked(sb);
        assembly ("memory-safe") {
            let s := mload(add(mirrored, 0x40))
            mstore(add(mirrored, 0x40), sub(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141, s))
            mstore8(add(mirrored, 0x60), xor(byte(0, mload(add(mirrored, 0x60))), 7))
        }
        vm.expectRevert(IOracleSet.InvalidEvidence.selector);
        oracles.proveCommits(a, sa, b, mirrored);
        // A stranger, then the wrong set, then other epochs, then too old.
        sa = signature(nodeKey(99), this.hashCommit(a));
        sb = signature(nodeKey(99), this.hashCommit(b));
        vm.expectRevert(IOracleSet.InvalidEvidence.selector);
        oracles.proveCommits(a, sa, b, sb);
        a.setId = b.setId = 2;
        sa = signature(nodeKeys[2], this.hashCommit(a));
        sb = signature(nodeKeys[2], this.hashCommit(b));
        vm.expectRevert(IOracleSet.InvalidEvidence.selector);
        oracles.proveCommits(a, sa, b, sb);
        a.epoch = 29;
        vm.expectRevert(IOracleSet.NotEquivocation.selector);
        oracles.proveCommits(a, sa, b, sb);
        (a, b) = commits(9);
        revertWith(IOracleSet.EvidenceExpired.selector, 9);
        oracles.proveCommits(a, sa, b, sb);
    }
}
