// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {AttestationCore} from "./AttestationCore.sol";
import {Constants, OrchestratorBase} from "./OrchestratorBase.sol";
import {SettlementCore} from "./SettlementCore.sol";
import {ParameterBounds} from "./ParameterBounds.sol";
import {IModule} from "./IModule.sol";
import {IAdministration} from "../interfaces/IAdministration.sol";
import {IAttestations} from "../interfaces/IAttestations.sol";
import {IReservations} from "../interfaces/IReservations.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {UnitLeaf} from "../types/Leaves.sol";
import {ClockParams, EconomicParams, EvaluationParams, ListedToken} from "../types/Parameters.sol";

/// @notice Everything that is fixed at deployment.
/// @param constants What the modules were built with.
/// @param economics Money and delays.
/// @param evaluation Evaluation parameters from epoch 0 on.
/// @param evaluatorVersion Version of the evaluation rules from epoch 0 on.
/// @param tokens Tokens that units may be priced in.
/// @param owner Who may pause intake and announce evaluation parameters.
/// @param treasury Receives what a provider's slash leaves after the reward; the burn address burns it. Not zero.
/// @param modules Modules behind this address; each names the selectors that it answers.
struct OrchestratorConfig {
    Constants constants;
    EconomicParams economics;
    EvaluationParams evaluation;
    uint32 evaluatorVersion;
    ListedToken[] tokens;
    address owner;
    address treasury;
    address[] modules;
}

/// @title The Orchestrator
/// @notice Attestation, settlement and withdrawal live here; everything else is answered by fixed modules on the same
/// storage, because one contract may have 24,576 bytes. There is no way to exchange a module.
contract Orchestrator is AttestationCore, SettlementCore, Ownable2Step, Multicall {
    using SafeERC20 for IERC20;

    /// @param config Everything that is fixed at deployment.
    constructor(OrchestratorConfig memory config) OrchestratorBase(config.constants) Ownable(config.owner) {
        ParameterBounds.check(config.constants.clock, config.economics);
        ParameterBounds.check(config.evaluation);
        if (config.economics.protocolFeeBps != config.constants.protocolFeeBps) {
            revert IAdministration.ParameterOutOfBounds("protocolFeeBps");
        }
        if (config.treasury == address(0)) revert IAdministration.ParameterOutOfBounds("treasury");
        _treasury = config.treasury;
        _economics = config.economics;
        _scheduleEvaluation(config.evaluation, config.evaluatorVersion, 0);
        for (uint256 i = 0; i < config.tokens.length; i++) {
            _listed[config.tokens[i].token] = true;
            _pointValue[config.tokens[i].token] = config.tokens[i].pointValue;
        }
        for (uint256 i = 0; i < config.modules.length; i++) {
            _install(config.modules[i], config.constants);
        }
    }

    /// @notice Hands the call to the module that answers it.
    fallback() external {
        address module = _modules[msg.sig];
        if (module == address(0)) revert IAdministration.UnknownFunction(msg.sig);
        assembly ("memory-safe") {
            // Scratch memory from 0: nothing of this contract runs afterwards.
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), module, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch ok
            case 0 { revert(0, returndatasize()) }
            default { return(0, returndatasize()) }
        }
    }

    /// @inheritdoc IAttestations
    function scheduleEvaluation(EvaluationParams calldata params, uint32 evaluatorVersion, uint40 fromEpoch)
        external
        onlyOwner
    {
        ParameterBounds.check(params);
        _scheduleEvaluation(params, evaluatorVersion, fromEpoch);
    }

    /// @notice See IReservations.
    function settle(UnitLeaf calldata leaf, uint40 prevEpoch, bytes32[] calldata proof, uint256[] calldata ids) external {
        if (leaf.tag != 1) revert WrongLeaf();
        _requireProven(Hashing.leaf(leaf), leaf.epoch, prevEpoch, proof);
        _settleUnit(leaf, prevEpoch, ids);
    }

    /// @notice See IReservations.
    function settleMany(
        UnitLeaf[] calldata leaves,
        uint256[][] calldata ids,
        uint40 prevEpoch,
        bytes32[] calldata proof,
        bool[] calldata proofFlags
    ) external {
        if (leaves.length == 0 || leaves.length != ids.length) revert IReservations.InvalidAmount();
        uint40 epoch = leaves[0].epoch;
        bytes32[] memory hashes = new bytes32[](leaves.length);
        for (uint256 i = 0; i < leaves.length; i++) {
            if (leaves[i].tag != 1 || leaves[i].epoch != epoch) revert WrongLeaf();
            hashes[i] = Hashing.leaf(leaves[i]);
        }
        bytes32 root = MerkleProof.processMultiProofCalldata(proof, proofFlags, hashes);
        if (_ring[epoch % RING_SIZE] != _ringEntry(root, epoch, prevEpoch)) revert UnknownRoot(epoch);
        for (uint256 i = 0; i < leaves.length; i++) {
            _settleUnit(leaves[i], prevEpoch, ids[i]);
        }
    }

    /// @notice See IReservations.
    function withdraw(address token, address to) external nonReentrant returns (uint256 amount) {
        amount = _credits[token][msg.sender];
        if (amount == 0) revert IReservations.InvalidAmount();
        _credits[token][msg.sender] = 0;
        emit IReservations.Withdrawn(token, msg.sender, to, amount);
        IERC20(token).safeTransfer(to, amount);
    }

    /// @notice See IAdministration.
    function setPaused(bool paused_) external onlyOwner {
        _paused = paused_;
        emit IAdministration.PausedChanged(paused_);
    }

    /// @notice See IAdministration.
    function moduleOf(bytes4 selector) external view returns (address) {
        return _modules[selector];
    }

    function _install(address module, Constants memory constants) private {
        if (keccak256(abi.encode(IModule(module).constants())) != keccak256(abi.encode(constants))) {
            revert IAdministration.ParameterOutOfBounds("module");
        }
        bytes4[] memory selectors = IModule(module).selectors();
        for (uint256 i = 0; i < selectors.length; i++) {
            if (_modules[selectors[i]] != address(0)) revert IAdministration.ParameterOutOfBounds("selector");
            _modules[selectors[i]] = module;
        }
    }
}
