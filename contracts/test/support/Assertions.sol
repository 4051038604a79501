// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Vm, vm} from "./Vm.sol";

/// @dev A failed assertion reverts, which is how Forge sees a failed test.
abstract contract Assertions {
    error AssertionFailed(string what, uint256 left, uint256 right);

    function assertTrue(bool value, string memory what) internal pure {
        if (!value) revert AssertionFailed(what, 0, 1);
    }

    function assertEq(uint256 left, uint256 right, string memory what) internal pure {
        if (left != right) revert AssertionFailed(what, left, right);
    }

    function assertEq(address left, address right, string memory what) internal pure {
        assertEq(uint160(left), uint160(right), what);
    }

    function assertEq(bytes32 left, bytes32 right, string memory what) internal pure {
        assertEq(uint256(left), uint256(right), what);
    }

    function assertEq(bool left, bool right, string memory what) internal pure {
        assertEq(left ? 1 : 0, right ? 1 : 0, what);
    }

    function assertLe(uint256 left, uint256 right, string memory what) internal pure {
        if (left > right) revert AssertionFailed(what, left, right);
    }

    function bound(uint256 x, uint256 least, uint256 most) internal pure returns (uint256) {
        return least + x % (most - least + 1);
    }
}
