// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Deployment} from "../support/Deployment.sol";
import {vm} from "../support/Vm.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {Commit} from "../../src/types/Messages.sol";
import {Anchor, Oracle, OracleSetParams} from "../../src/types/Oracles.sol";
import {OracleSet} from "../../src/OracleSet.sol";

/// @dev Ten operators for six seats: registering, outbidding, leaving, coming back, equivocating.
contract OracleHandler is Deployment {
    uint256 public constant OPERATORS = 10;

    function setParams() internal view override returns (OracleSetParams memory p) {
        p = super.setParams();
        p.seatLimit = 6;
    }

    function setUp() external {
        deploy();
        for (uint256 i = 0; i < 5; i++) {
            registerOracle(i, 100 ether);
        }
        oracles.recompute();
        vm.warp(startOf(1));
    }

    function passTime(uint256 epochs) external {
        vm.warp(block.timestamp + bound(epochs, 1, 12) * L);
    }

    function register(uint256 seed, uint128 bond) external {
        registerOracle(_pick(seed, false), uint128(bound(bond, 100 ether, 400 ether)));
    }

    function increaseBond(uint256 seed, uint128 amount) external {
        address operator = operatorOf(_pick(seed, true));
        amount = uint128(bound(amount, 1, 100 ether));
        fund(operator, amount, address(oracles));
        vm.prank(operator);
        oracles.increaseBond(amount);
    }

    function renewAnchor(uint256 seed) external {
        uint40 base = orch.currentEpoch() + 2;
        vm.prank(operatorOf(_pick(seed, true)));
        oracles.renewAnchor(Anchor(keccak256(abi.encode(seed)), base));
    }

    function leave(uint256 seed) external {
        // Seldom: with everybody gone nothing else can happen.
        require(seed >> 16 & 7 == 1, "stays");
        vm.prank(operatorOf(_pick(seed, true)));
        oracles.leave();
    }

    function withdrawBond(uint256 seed) external {
        for (uint256 k = 0; k < OPERATORS; k++) {
            address operator = operatorOf((seed % OPERATORS + k) % OPERATORS);
            if (oracles.oracle(operator).leftEpoch == 0) continue;
            uint40 release = oracles.bondReleaseEpoch(operator);
            if (seed >> 8 & 1 == 0 && orch.currentEpoch() < release) vm.warp(startOf(release));
            vm.prank(operator);
            oracles.withdrawBond();
            return;
        }
        revert("none");
    }

    /// @dev A seat becomes free, and one that waits takes it.
    function claimSeat(uint256 seed) external {
        for (uint256 k = 0; k < OPERATORS; k++) {
            address operator = operatorOf((seed % OPERATORS + k) % OPERATORS);
            Oracle memory own = oracles.oracle(operator);
            if (own.node == address(0) || own.seated || own.leftEpoch != 0 || own.bond < 100 ether) continue;
            address[] memory seated = oracles.candidates();
            if (seated.length == 6) {
                vm.prank(seated[seed % 6]);
                oracles.leave();
            }
            return oracles.claimSeat(operator);
        }
        revert("none");
    }

    function recompute() external {
        oracles.recompute();
    }

    function equivocate(uint256 seed) external {
        uint40 epoch = orch.currentEpoch();
        uint64 setId = oracles.setAt(epoch).setId;
        address[] memory nodes = oracles.nodesOf(setId);
        address node = nodes[seed % nodes.length];
        uint256 key;
        for (uint256 i = 0; i < OPERATORS; i++) {
            if (vm.addr(nodeKey(i)) == node) key = nodeKey(i);
        }
        Commit memory a = Commit(setId, epoch, bytes32(seed));
        Commit memory b = Commit(setId, epoch, ~bytes32(seed));
        bytes memory sa = signature(key, this.hashCommit(a));
        bytes memory sb = signature(key, this.hashCommit(b));
        vm.prank(operatorOf(seed >> 8 & 7));
        oracles.proveCommits(a, sa, b, sb);
    }

    function withdrawReward(uint256 seed) external {
        vm.prank(seed & 1 == 0 ? treasury : operatorOf(seed >> 8 & 7));
        oracles.withdrawReward();
    }

    function hashCommit(Commit calldata c) external pure returns (bytes32) {
        return Hashing.commit(c);
    }

    function operators() public pure returns (address[] memory list) {
        list = new address[](OPERATORS);
        for (uint256 i = 0; i < OPERATORS; i++) {
            list[i] = operatorOf(i);
        }
    }

    function contracts() external view returns (OracleSet set, address bondToken, address treasury_) {
        return (oracles, address(token), treasury);
    }

    function _pick(uint256 seed, bool registered) private view returns (uint256) {
        for (uint256 k = 0; k < OPERATORS; k++) {
            uint256 i = (seed % OPERATORS + k) % OPERATORS;
            Oracle memory own = oracles.oracle(operatorOf(i));
            if ((own.node != address(0)) == registered && own.leftEpoch == 0) return i;
        }
        revert("none");
    }
}
