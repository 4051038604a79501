// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Quorum arithmetic (docs/protocol.md 1.5)
library Quorum {
    /// @dev Two quorums of n share more than f nodes, and n - f honest nodes make one.
    function forNodes(uint256 n) internal pure returns (uint256 f, uint256 quorum) {
        f = n == 0 ? 0 : (n - 1) / 3;
        quorum = (n + f) / 2 + 1;
    }
}
