// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Assertions} from "./Assertions.sol";
import {vm} from "./Vm.sol";
import {DevToken} from "../../src/devnet/DevToken.sol";
import {OracleSet} from "../../src/OracleSet.sol";
import {IOrchestrator} from "../../src/interfaces/IOrchestrator.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {Constants} from "../../src/orchestrator/OrchestratorBase.sol";
import {OrchestratorConfig} from "../../src/orchestrator/Orchestrator.sol";
import {Anchor, OracleSetParams} from "../../src/types/Oracles.sol";
import {ClockParams, EconomicParams, EvaluationParams, ListedToken} from "../../src/types/Parameters.sol";

/// @dev A network as deployed: contracts, keys, oracles. Epochs of 12 s, days of 6 epochs.
abstract contract Deployment is Assertions {
    uint256 internal constant SECP256K1_N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 internal constant START = 1_800_000_000;
    uint40 internal constant GENESIS = uint40(START + 120);
    uint32 internal constant L = 12;
    uint32 internal constant DAY = 6;

    DevToken internal token;
    OracleSet internal oracles;
    IOrchestrator internal orch;
    address internal treasury = address(0x7EA5);
    uint256[] internal nodeKeys;

    function clock() internal pure virtual returns (ClockParams memory) {
        return ClockParams(GENESIS, L, DAY);
    }

    function evaluation() internal pure virtual returns (EvaluationParams memory) {
        return EvaluationParams(6, 1, 12, 12, 15);
    }

    function economics() internal pure virtual returns (EconomicParams memory e) {
        e.protocolFeeBps = 200;
        e.minProviderBond = 1_000 ether;
        e.lossSlash = 100 ether;
        e.lossSlashCap = 250 ether;
        e.abandonmentSlash = 500 ether;
        e.reporterReward = 5 ether;
        e.disputeDeposit = 10 ether;
        e.exposureBps = [uint16(1_000), 5_000, 10_000];
        e.holdEpochs = DAY;
        e.disputeEpochs = 3 * DAY;
        e.escapeEpochs = 7 * DAY;
        e.challengeEpochs = DAY;
        e.unbondingEpochs = 30 * DAY;
    }

    function setParams() internal view virtual returns (OracleSetParams memory) {
        return OracleSetParams({
            bondToken: address(token),
            treasury: treasury,
            minBond: 100 ether,
            slashAmount: 50 ether,
            reporterReward: 5 ether,
            seatLimit: 31,
            unbondingEpochs: 40,
            evidenceEpochs: 20,
            rotationEpochs: 3
        });
    }

    function constants() internal view returns (Constants memory) {
        return Constants(clock(), address(oracles), address(token), economics().protocolFeeBps);
    }

    function modules() internal virtual returns (address[] memory list) {
        list = new address[](4);
        list[0] = create("UnitsModule", abi.encode(constants()));
        list[1] = create("ReservationsModule", abi.encode(constants()));
        list[2] = create("DisputesModule", abi.encode(constants()));
        list[3] = create("ViewsModule", abi.encode(constants()));
    }

    /// @dev A contract from the creation code that is deployed, or from these sources while coverage is measured.
    function create(string memory name, bytes memory args) internal returns (address created) {
        string memory artifact = vm.envOr("LIGHTMESH_COVERAGE", false)
            ? string.concat(name, ".sol:", name)
            : string.concat("contracts/out/deploy/", name, ".sol/", name, ".json");
        bytes memory code = bytes.concat(vm.getCode(artifact), args);
        assembly ("memory-safe") {
            created := create(0, add(code, 0x20), mload(code))
            if iszero(created) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }

    /// @dev As `create`, in a call of its own, where a revert can be expected.
    function createExternally(string calldata name, bytes calldata args) external returns (address) {
        return create(name, args);
    }

    function config() internal virtual returns (OrchestratorConfig memory c) {
        c.constants = constants();
        c.economics = economics();
        c.evaluation = evaluation();
        c.evaluatorVersion = 1;
        c.tokens = new ListedToken[](1);
        c.tokens[0] = ListedToken(address(token), 1e15);
        c.owner = address(this);
        c.treasury = treasury;
        c.modules = modules();
    }

    function deploy() internal {
        vm.warp(START);
        token = DevToken(create("DevToken", abi.encode(address(this))));
        oracles = OracleSet(create("OracleSet", abi.encode(setParams(), address(this))));
        orch = IOrchestrator(create("Orchestrator", abi.encode(config())));
        oracles.bind(address(orch));
    }

    function nodeKey(uint256 i) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("node", i))) % SECP256K1_N;
    }

    function operatorOf(uint256 i) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("operator", i)))));
    }

    function fund(address account, uint256 amount, address spender) internal {
        token.mint(account, amount);
        vm.prank(account);
        token.approve(spender, type(uint256).max);
    }

    /// @dev 65-byte signature over an EIP-712 struct hash of this network.
    function signature(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, Hashing.digest(orch.domainSeparator(), structHash));
        return abi.encodePacked(r, s, v);
    }

    function registerOracle(uint256 i, uint128 bond) internal {
        address operator = operatorOf(i);
        fund(operator, bond, address(oracles));
        bytes memory consent = signature(nodeKey(i), Hashing.consent(operator));
        uint40 base = block.timestamp < GENESIS ? 0 : orch.currentEpoch() + 2;
        vm.prank(operator);
        oracles.register(vm.addr(nodeKey(i)), bond, Anchor(keccak256(abi.encode("anchor", i)), base), consent);
    }

    /// @dev Deploys and seats `n` oracles from epoch 0 on.
    function launch(uint256 n) internal {
        deploy();
        for (uint256 i = 0; i < n; i++) {
            nodeKeys.push(nodeKey(i));
            registerOracle(i, 100 ether);
        }
        oracles.recompute();
    }

    function startOf(uint40 epoch) internal pure returns (uint256) {
        return GENESIS + uint256(epoch) * L;
    }

    function goTo(uint40 epoch) internal {
        vm.warp(startOf(epoch) + L - 1);
    }
}
