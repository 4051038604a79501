// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev The protocol's tree (docs/protocol.md 2.3) over leaf hashes, written straight from the rule.
library Tree {
    function slots(bytes32[] memory leaves) internal pure returns (bytes32[] memory tree) {
        uint256 n = leaves.length;
        tree = new bytes32[](2 * n - 1);
        for (uint256 k = 0; k < n; k++) {
            tree[2 * n - 2 - k] = leaves[k];
        }
        for (uint256 i = n - 1; i > 0; i--) {
            tree[i - 1] = pair(tree[2 * (i - 1) + 1], tree[2 * (i - 1) + 2]);
        }
    }

    function proof(bytes32[] memory leaves, uint256 k) internal pure returns (bytes32[] memory out) {
        bytes32[] memory tree = slots(leaves);
        uint256 slot = 2 * leaves.length - 2 - k;
        uint256 depth;
        for (uint256 i = slot; i > 0; i = (i - 1) / 2) {
            depth++;
        }
        out = new bytes32[](depth);
        depth = 0;
        for (uint256 i = slot; i > 0; i = (i - 1) / 2) {
            out[depth++] = tree[i % 2 == 0 ? i - 1 : i + 1];
        }
    }

    function pair(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return a < b ? keccak256(abi.encodePacked(a, b)) : keccak256(abi.encodePacked(b, a));
    }
}
