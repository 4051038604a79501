// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {OrchestratorStorage} from "./OrchestratorStorage.sol";
import {IAdministration} from "../interfaces/IAdministration.sol";
import {IAttestations} from "../interfaces/IAttestations.sol";
import {IReservations} from "../interfaces/IReservations.sol";
import {ClockParams} from "../types/Parameters.sol";

/// @notice What every module must agree on; part of each module's code.
/// @param clock Clock of the network.
/// @param oracleSet The OracleSet.
/// @param bondToken ERC-20 of all bonds.
/// @param protocolFeeBps Part of what providers earn that fills the oracle pool.
struct Constants {
    ClockParams clock;
    address oracleSet;
    address bondToken;
    uint16 protocolFeeBps;
}

/// @title What the modules share: clock, proofs, credits
abstract contract OrchestratorBase is OrchestratorStorage, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint40 internal immutable GENESIS;
    uint32 internal immutable EPOCH_LENGTH;
    uint32 internal immutable DAY_EPOCHS;
    address internal immutable ORACLE_SET;
    address internal immutable BOND_TOKEN;
    uint16 internal immutable FEE_BPS;

    constructor(Constants memory constants) {
        GENESIS = constants.clock.genesis;
        EPOCH_LENGTH = constants.clock.epochLength;
        DAY_EPOCHS = constants.clock.dayEpochs;
        ORACLE_SET = constants.oracleSet;
        BOND_TOKEN = constants.bondToken;
        FEE_BPS = constants.protocolFeeBps;
    }

    /// @dev Stops intake only: nothing that pays out carries it.
    modifier whenOpen() {
        if (_paused) revert IAdministration.IntakePaused();
        _;
    }

    /// @dev Epoch of this block; 0 before genesis.
    function _currentEpoch() internal view returns (uint40) {
        return block.timestamp < GENESIS ? 0 : uint40((block.timestamp - GENESIS) / EPOCH_LENGTH);
    }

    /// @dev Reverts unless the leaf is under the accepted root of its epoch. `prevEpoch` is proven with it.
    function _requireProven(bytes32 leafHash, uint40 epoch, uint40 prevEpoch, bytes32[] calldata proof) internal view {
        bytes32 root = MerkleProof.processProofCalldata(proof, leafHash);
        if (_ring[epoch % RING_SIZE] != _ringEntry(root, epoch, prevEpoch)) revert IAttestations.UnknownRoot(epoch);
    }

    function _ringEntry(bytes32 root, uint40 epoch, uint40 prevEpoch) internal pure returns (bytes32) {
        return keccak256(abi.encode(root, epoch, prevEpoch));
    }

    function _credit(address token, address account, uint256 amount) internal {
        if (amount != 0) _credits[token][account] += amount;
    }

    /// @dev Takes tokens from an account; what counts is what arrived. Callers are nonReentrant: a token that calls back
    /// would otherwise see its own transfer counted twice.
    function _pull(address token, address from, uint256 amount) internal returns (uint256 received) {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(from, address(this), amount);
        received = IERC20(token).balanceOf(address(this)) - before;
    }

    /// @dev As `_pull`, for sums that must arrive whole.
    function _pullExactly(address token, address from, uint256 amount) internal {
        uint256 received = _pull(token, from, amount);
        if (received < amount) revert IReservations.InsufficientDeposit(received, amount);
    }
}
