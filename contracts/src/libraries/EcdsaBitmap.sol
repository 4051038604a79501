// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Quorum} from "./Quorum.sol";

/// @title ECDSA quorum under a bitmap (docs/protocol.md 1.4)
/// @dev Assembly, because the loop is what an attestation costs: Solidity's `ecrecover` writes all four words anew and
/// its calldata slices are bounds-checked, about 260 gas a signature more.
library EcdsaBitmap {
    /// @param digest What was signed.
    /// @param nodes Contract whose code is a zero byte and then 20 bytes for each node.
    /// @param signatures Bitmap word, then `r` and `s` of each set bit, ascending.
    /// @return bitmap Who signed; 0 unless exactly a quorum of the nodes did.
    function verify(bytes32 digest, address nodes, bytes calldata signatures) internal view returns (uint256 bitmap) {
        uint256 size = nodes.code.length;
        if (size == 0 || signatures.length < 32) return 0;
        uint256 n = (size - 1) / 20;
        (, uint256 quorum) = Quorum.forNodes(n);
        bitmap = uint256(bytes32(signatures[:32]));
        if (bitmap >> n != 0 || signatures.length != 32 + 64 * quorum) return 0;
        bool valid;
        assembly ("memory-safe") {
            let input := mload(0x40)
            let node := add(input, 0x80)
            extcodecopy(nodes, node, 1, sub(size, 1))
            mstore(input, digest)
            // v = 27 always: a signer turns (28, s) into (27, N - s), which recovers the same key.
            mstore(add(input, 0x20), 27)
            let offset := add(signatures.offset, 0x20)
            valid := 1
            for { let bits := bitmap } bits { bits := shr(1, bits) } {
                if and(bits, 1) {
                    calldatacopy(add(input, 0x40), offset, 0x40)
                    // The precompile answers with nothing unless 0 < r < N and 0 < s < N.
                    pop(staticcall(gas(), 1, input, 0x80, 0, 0x20))
                    if iszero(and(eq(returndatasize(), 0x20), eq(mload(0), shr(96, mload(node))))) {
                        valid := 0
                        break
                    }
                    offset := add(offset, 0x40)
                }
                node := add(node, 20)
            }
            // More or fewer set bits than signatures.
            valid := and(valid, eq(offset, add(signatures.offset, signatures.length)))
        }
        if (!valid) return 0;
    }
}
