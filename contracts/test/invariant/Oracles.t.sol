// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Assertions} from "../support/Assertions.sol";
import {vm} from "../support/Vm.sol";
import {OracleHandler} from "./OracleHandler.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {OracleSet} from "../../src/OracleSet.sol";
import {Oracle, SetTerm} from "../../src/types/Oracles.sol";

/// @dev docs/invariants.md 10 to 13.
contract OracleInvariants is Assertions {
    OracleHandler internal handler;
    OracleSet internal oracles;
    address internal bondToken;
    address internal treasury;

    function setUp() public {
        handler = new OracleHandler();
        handler.setUp();
        (oracles, bondToken, treasury) = handler.contracts();
    }

    function targetContracts() external view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(handler);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetSelectors() external view returns (FuzzSelector[] memory list) {
        list = new FuzzSelector[](1);
        bytes4[] memory s = new bytes4[](10);
        s[0] = OracleHandler.passTime.selector;
        s[1] = OracleHandler.register.selector;
        s[2] = OracleHandler.increaseBond.selector;
        s[3] = OracleHandler.renewAnchor.selector;
        s[4] = OracleHandler.leave.selector;
        s[5] = OracleHandler.withdrawBond.selector;
        s[6] = OracleHandler.claimSeat.selector;
        s[7] = OracleHandler.recompute.selector;
        s[8] = OracleHandler.equivocate.selector;
        s[9] = OracleHandler.withdrawReward.selector;
        list[0] = FuzzSelector(address(handler), s);
    }

    /// @dev 10 to 12, all after each call: one campaign for all of them, where one for each would only repeat the same calls.
    function invariant_oracles() public view {
        check_10_heldIsOwed();
        check_11_candidates();
        check_12_sets();
    }

    /// @dev 10. Bonds and rewards are what is held.
    function check_10_heldIsOwed() internal view {
        address[] memory operators = handler.operators();
        uint256 owed = oracles.rewardOf(treasury);
        for (uint256 i = 0; i < operators.length; i++) {
            owed += oracles.oracle(operators[i]).bond + oracles.rewardOf(operators[i]);
        }
        assertEq(IERC20(bondToken).balanceOf(address(oracles)), owed, "held is owed");
    }

    /// @dev 11. Candidates: within the seats, each once, bonded, staying.
    function check_11_candidates() internal view {
        address[] memory list = oracles.candidates();
        assertLe(list.length, 6, "seats");
        for (uint256 i = 0; i < list.length; i++) {
            Oracle memory own = oracles.oracle(list[i]);
            assertTrue(own.seated && own.leftEpoch == 0 && own.bond >= 100 ether, "candidate");
            for (uint256 k = 0; k < i; k++) {
                assertTrue(list[k] != list[i], "once");
            }
        }
        uint256 seated;
        address[] memory operators = handler.operators();
        for (uint256 i = 0; i < operators.length; i++) {
            if (oracles.oracle(operators[i]).seated) seated++;
        }
        assertEq(seated, list.length, "seated is listed");
    }

    /// @dev 12. Sets follow one another without a gap, with 4 to 31 different nodes each.
    function check_12_sets() internal view {
        uint64 count = oracles.setCount();
        for (uint64 id = 1; id <= count; id++) {
            address[] memory nodes = oracles.nodesOf(id);
            assertTrue(nodes.length >= 4 && nodes.length <= 31, "size");
            for (uint256 i = 1; i < nodes.length; i++) {
                for (uint256 k = 0; k < i; k++) {
                    assertTrue(nodes[i] != nodes[k], "different nodes");
                }
            }
        }
        // From the newest back to the first: each one ends where the next one begins.
        SetTerm memory term = oracles.setAt(type(uint40).max);
        assertEq(term.untilEpoch, type(uint40).max, "the newest holds on");
        while (term.firstEpoch > 0) {
            SetTerm memory before = oracles.setAt(term.firstEpoch - 1);
            if (before.setId == 0) break;
            assertTrue(before.setId < term.setId && before.firstEpoch < term.firstEpoch, "order");
            assertEq(before.untilEpoch, term.firstEpoch, "without a gap");
            term = before;
        }
        if (count > 0) assertEq(oracles.setAt(type(uint40).max).setId, count, "the newest holds on");
    }

    /// @dev 13. No bond and no reward stays locked, with or without another set.
    function afterInvariant() public {
        address[] memory operators = handler.operators();
        for (uint256 i = 0; i < operators.length; i++) {
            Oracle memory own = oracles.oracle(operators[i]);
            if (own.node == address(0) || own.leftEpoch != 0) continue;
            vm.prank(operators[i]);
            oracles.leave();
        }
        vm.warp(block.timestamp + 200 * 12);
        for (uint256 i = 0; i < operators.length; i++) {
            vm.startPrank(operators[i]);
            if (oracles.oracle(operators[i]).node != address(0)) oracles.withdrawBond();
            if (oracles.rewardOf(operators[i]) != 0) oracles.withdrawReward();
            vm.stopPrank();
        }
        if (oracles.rewardOf(treasury) != 0) {
            vm.prank(treasury);
            oracles.withdrawReward();
        }
        assertEq(IERC20(bondToken).balanceOf(address(oracles)), 0, "everything is out");
    }
}
