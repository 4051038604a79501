// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {OracleLeaf} from "../types/Leaves.sol";

/// @title Pay of the oracles
interface IOraclePay {
    /// @notice An oracle's points were paid.
    event PointsClaimed(address indexed node, address indexed token, uint64 points, uint256 amount);

    /// @notice Nothing to claim, or the pool is empty.
    error NothingToClaim();

    /// @notice Credits a node's operator with the points that were not paid yet in a token, as far as the pool reaches.
    /// @param leaf The node's leaf.
    /// @param prevEpoch Epoch of the attestation before the leaf's.
    /// @param proof Merkle proof of the leaf.
    /// @param token Listed token to be paid in.
    /// @return amount What was credited.
    function claimPoints(OracleLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof, address token)
        external
        returns (uint256 amount);

    /// @notice Protocol fees of a token that are not claimed.
    function feePool(address token) external view returns (uint256);
    /// @notice Points of a node that were paid in a token, in an era.
    function claimedPoints(uint32 era, address node, address token) external view returns (uint64);
}
