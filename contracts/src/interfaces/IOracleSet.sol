// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {AttestationHeader, Commit, RevealHeader} from "../types/Messages.sol";
import {Anchor, Oracle, OracleSetParams, SetTerm} from "../types/Oracles.sol";

/// @title Registration, bonds and seats of the oracles
/// @notice Open registration; seats go to the highest bonds, one per operator; a set is announced before it begins.
interface IOracleSet {
    /// @notice The Orchestrator was named, once.
    event OrchestratorBound(address indexed orchestrator);
    /// @notice An operator registered an oracle.
    event OracleRegistered(address indexed operator, address indexed node, uint256 bond);
    /// @notice An oracle's bond changed; `bond` is the new one.
    event BondChanged(address indexed operator, uint256 bond);
    /// @notice A hash-chain anchor was announced; it holds for epochs after `baseEpoch`.
    event AnchorAnnounced(address indexed node, bytes32 value, uint40 baseEpoch);
    /// @notice An operator became (or stopped being) a candidate for the next set.
    event CandidateChanged(address indexed operator, bool seated);
    /// @notice A set was announced. `nodes[i]` is bit i of its signatures.
    event SetAnnounced(uint64 indexed setId, uint40 firstEpoch, uint8 quorum, address[] nodes);

    /// @notice An oracle asked to leave.
    event OracleLeft(address indexed operator, address indexed node, uint40 leftEpoch);
    /// @notice An oracle that left took its bond out.
    event BondReturned(address indexed operator, uint256 amount);
    /// @notice An oracle signed two different messages where one is allowed. `kind`: 0 commit, 1 reveal, 2 attestation.
    event OracleSlashed(
        address indexed operator, address indexed node, uint8 kind, uint40 epoch, uint256 amount, address reporter
    );
    /// @notice An account took its rewards out.
    event RewardWithdrawn(address indexed account, uint256 amount);

    /// @notice The caller may not do this.
    error Unauthorized();
    /// @notice The Orchestrator is already named.
    error AlreadyBound();
    /// @notice No Orchestrator is named yet.
    error NotBound();
    /// @notice A parameter is outside its bounds.
    error InvalidParameter(bytes32 name);
    /// @notice The operator already has an oracle.
    error AlreadyRegistered();
    /// @notice The node key already belongs to an operator.
    error NodeTaken();
    /// @notice The operator's key and the node key must differ.
    error NodeIsOperator();
    /// @notice The node key did not consent to this operator.
    error NoConsent();
    /// @notice No oracle is registered under this operator.
    error NotRegistered();
    /// @notice The oracle is leaving.
    error Leaving();
    /// @notice The bond is below the minimum.
    error BondTooLow(uint256 bond, uint256 required);
    /// @notice An anchor must not be zero and must begin at or after epoch `earliest`.
    error InvalidAnchor(uint40 earliest);
    /// @notice Neither a free seat nor a lower bond to replace.
    error NoSeat();
    /// @notice Fewer than four candidates.
    error TooFewCandidates(uint256 candidates);
    /// @notice The announced set has not begun, or the current one is too young.
    error TooEarly(uint40 earliest);
    /// @notice The candidates are the current set.
    error SetUnchanged();
    /// @notice The oracle has not asked to leave.
    error NotLeaving();
    /// @notice The two messages are one, or are not about the same thing.
    error NotEquivocation();
    /// @notice The messages are not from one registered member of the epoch's set, in canonical signatures.
    error InvalidEvidence();
    /// @notice The evidence is older than the evidence window.
    error EvidenceExpired(uint40 epoch);
    /// @notice This equivocation was slashed already.
    error AlreadySlashed();
    /// @notice Nothing to withdraw.
    error NothingToWithdraw();

    /// @notice Names the Orchestrator, whose address is the EIP-712 `verifyingContract` of every message. Once.
    /// @param orchestrator_ The Orchestrator.
    function bind(address orchestrator_) external;

    /// @notice Registers an oracle and takes its bond; the operator becomes a candidate if its bond is high enough.
    /// @param node Node key address, not the caller's.
    /// @param bondAmount Bond, at least `params().minBond`.
    /// @param anchor Hash-chain anchor; its base epoch lies at least 2 epochs ahead (any epoch before genesis).
    /// @param consent The node key's EIP-712 signature over `NodeConsent(address operator)`.
    function register(address node, uint128 bondAmount, Anchor calldata anchor, bytes calldata consent) external;

    /// @notice Raises the caller's bond.
    /// @param amount Amount that is transferred.
    function increaseBond(uint128 amount) external;

    /// @notice Makes a registered operator a candidate if a seat is free or its bond beats the lowest one.
    /// @param operator Operator.
    function claimSeat(address operator) external;

    /// @notice Announces the candidates as the next set. Anyone may call it.
    /// @return setId Id of the announced set.
    /// @dev Until 2 epochs before genesis a new set takes the place of the one announced for epoch 0.
    /// @return firstEpoch Its first epoch: 2 ahead, or the next one for the first set.
    function recompute() external returns (uint64 setId, uint40 firstEpoch);

    /// @notice Announces a new hash-chain anchor for the caller's oracle, at least 2 epochs ahead.
    function renewAnchor(Anchor calldata anchor) external;

    /// @notice Gives up the caller's seat from the next set on. The bond stays until the evidence window is over.
    function leave() external;

    /// @notice Returns the bond of an oracle that left: `unbondingEpochs` after its last duty, or four times that after it
    /// left if no set has replaced its last one.
    /// @return amount What was returned.
    function withdrawBond() external returns (uint256 amount);

    /// @notice Proves that an oracle signed two different commits for one epoch.
    function proveCommits(Commit calldata a, bytes calldata signatureA, Commit calldata b, bytes calldata signatureB)
        external;

    /// @notice Proves that an oracle signed two different reveal headers for one epoch.
    function proveReveals(
        RevealHeader calldata a,
        bytes calldata signatureA,
        RevealHeader calldata b,
        bytes calldata signatureB
    ) external;

    /// @notice Proves that an oracle signed two different attestations for one (setId, epoch, attempt).
    function proveAttestations(
        AttestationHeader calldata a,
        bytes calldata signatureA,
        AttestationHeader calldata b,
        bytes calldata signatureB
    ) external;

    /// @notice Sends the caller its rewards.
    function withdrawReward() external returns (uint256 amount);

    /// @notice What an account can withdraw as rewards.
    function rewardOf(address account) external view returns (uint256);
    /// @notice First epoch in which a leaving oracle's bond can be withdrawn.
    function bondReleaseEpoch(address operator) external view returns (uint40);
    /// @notice The Orchestrator; zero before `bind`.
    function orchestrator() external view returns (address);
    /// @notice The parameters, fixed at deployment.
    function params() external view returns (OracleSetParams memory);
    /// @notice The oracle of an operator.
    function oracle(address operator) external view returns (Oracle memory);
    /// @notice The operator that a node key belongs to as an oracle, even after it left; zero: none.
    function operatorOf(address node) external view returns (address);
    /// @notice Operators that would form the next set.
    function candidates() external view returns (address[] memory);
    /// @notice The set of an epoch.
    /// @param epoch Epoch.
    /// @return The set's term; all zero before the first set.
    function setAt(uint40 epoch) external view returns (SetTerm memory);
    /// @notice Number of sets announced so far, which is also the newest set's id.
    function setCount() external view returns (uint64);
    /// @notice Node addresses of a set, in the order of its bitmap.
    function nodesOf(uint64 setId) external view returns (address[] memory);
    /// @notice Contract whose code holds the set's node addresses (a zero byte, then 20 bytes each).
    function nodesPointer(uint64 setId) external view returns (address);
    /// @notice Tolerated faults and needed signatures for `n` nodes.
    /// @param n Nodes.
    /// @return f floor((n - 1) / 3)
    /// @return quorum floor((n + f) / 2) + 1
    function quorumOf(uint256 n) external pure returns (uint256 f, uint256 quorum);
}
