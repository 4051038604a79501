// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title How a set's agreement is proven
/// @notice ECDSA with a bitmap for n <= 31; another scheme can stand behind the same question.
interface IAttestationVerifier {
    /// @notice Which members of a set signed a digest.
    /// @param digest What was signed.
    /// @param setId Set.
    /// @param signatures Encoded signatures (docs/protocol.md 1.4).
    /// @return signers Bitmap of exactly a quorum of signers; 0 when anything is wrong with the signatures.
    function verifyAttestation(bytes32 digest, uint64 setId, bytes calldata signatures)
        external
        view
        returns (uint256 signers);
}
