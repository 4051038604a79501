// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Deployment} from "./Deployment.sol";
import {Tree} from "./Tree.sol";
import {vm} from "./Vm.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {Quorum} from "../../src/libraries/Quorum.sol";
import {AttestationHeader, DataUnitTerms} from "../../src/types/Messages.sol";
import {UnitLeaf} from "../../src/types/Leaves.sol";
import {AttestationResult, ReserveRequest} from "../../src/types/Records.sol";

/// @dev A running network: units, leaves, attestations.
abstract contract Network is Deployment {
    uint64 internal constant GIB = 1 << 30;
    uint256 internal constant PROVIDER_KEY = uint256(keccak256("provider node"));
    address internal constant PROVIDER = address(0xF00D);
    address internal constant CONSUMER = address(0xC0FFEE);

    /// @dev What the oracles attest next: leaf hashes of the unit leaves, then others.
    UnitLeaf[] internal unitLeaves;
    bytes32[] internal otherLeaves;
    /// @dev Leaf hashes under the root of an epoch.
    mapping(uint40 epoch => bytes32[]) internal leavesAt;
    mapping(uint40 epoch => UnitLeaf[]) internal unitLeavesAt;
    mapping(uint40 epoch => uint40) internal prevOf;
    bytes32 internal lastRoot;
    uint40 internal lastEpoch;

    function hashLeaf(UnitLeaf calldata leaf) external pure returns (bytes32) {
        return Hashing.leaf(leaf);
    }

    function hashHeader(AttestationHeader calldata value) external pure returns (bytes32) {
        return Hashing.attestation(value);
    }

    function hashTerms(DataUnitTerms calldata value) external pure returns (bytes32) {
        return Hashing.dataUnit(value);
    }

    function terms(uint64 nonce) internal view returns (DataUnitTerms memory t) {
        t.provider = vm.addr(PROVIDER_KEY);
        t.nonce = nonce;
        t.region = "eu-west-1";
        t.token = address(token);
        t.capacityBytes = 100 * GIB;
        t.pricePerGibEpoch = 1 ether;
        t.egressBytesPerEpoch = GIB;
        t.availabilityPpm = 999_000;
        t.deadline = type(uint40).max;
    }

    function unitIdOf(uint64 nonce) internal pure returns (bytes32) {
        return keccak256(abi.encode(vm.addr(PROVIDER_KEY), nonce));
    }

    function registerProvider() internal {
        fund(PROVIDER, 1_000_000 ether, address(orch));
        bytes memory consent = signature(PROVIDER_KEY, Hashing.consent(PROVIDER));
        vm.prank(PROVIDER);
        orch.registerProvider(vm.addr(PROVIDER_KEY), 10_000 ether, consent);
    }

    /// @dev Registers a unit and its leaf in state Active.
    function addUnit(uint64 nonce) internal returns (bytes32 unitId) {
        vm.prank(PROVIDER);
        unitId = orch.registerDataUnit(terms(nonce));
        unitLeaves.push();
        UnitLeaf storage leaf = unitLeaves[unitLeaves.length - 1];
        leaf.tag = 1;
        leaf.unitId = unitId;
        leaf.state = 2;
    }

    function header(uint40 epoch, bytes32 root) internal view returns (AttestationHeader memory h) {
        h.epoch = epoch;
        h.setId = oracles.setAt(epoch).setId;
        h.parentRoot = lastRoot;
        h.root = root;
        h.unitCount = uint32(unitLeaves.length);
        h.inputsHash = keccak256(abi.encode("inputs", epoch));
        h.paramsHash = orch.evaluationAt(epoch).paramsHash;
        h.evaluatorVersion = orch.evaluationAt(epoch).evaluatorVersion;
    }

    /// @dev (r, s) as the contract wants it: v = 28 becomes (27, N - s).
    function normalised(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, v == 28 ? bytes32(SECP256K1_N - uint256(s)) : s);
    }

    function digestOf(AttestationHeader memory h) internal view returns (bytes32) {
        return Hashing.digest(orch.domainSeparator(), this.hashHeader(h));
    }

    /// @dev Signatures of the nodes in `bitmap`, whose keys are `nodeKeys` in set order.
    function signedBy(AttestationHeader memory h, uint256 bitmap) internal view returns (bytes memory signatures) {
        bytes32 digest = digestOf(h);
        signatures = abi.encode(bitmap);
        for (uint256 i = 0; i < nodeKeys.length; i++) {
            if (bitmap >> i & 1 == 1) signatures = bytes.concat(signatures, normalised(nodeKeys[i], digest));
        }
    }

    function quorumBitmap() internal view returns (uint256) {
        (, uint256 quorum) = Quorum.forNodes(nodeKeys.length);
        return (1 << quorum) - 1;
    }

    /// @dev Moves to the epoch and attests the present leaves for it.
    function attest(uint40 epoch) internal {
        goTo(epoch);
        bytes32 root = _build(epoch);
        AttestationHeader memory h = header(epoch, root);
        AttestationResult result = orch.submitAttestation(h, signedBy(h, quorumBitmap()));
        assertEq(uint8(result), uint8(AttestationResult.Accepted), "attestation accepted");
        prevOf[epoch] = lastEpoch;
        lastRoot = root;
        lastEpoch = epoch;
    }

    /// @dev Takes the leaves as those of `epoch`.
    function _build(uint40 epoch) internal returns (bytes32) {
        delete leavesAt[epoch];
        delete unitLeavesAt[epoch];
        for (uint256 i = 0; i < unitLeaves.length; i++) {
            unitLeaves[i].epoch = epoch;
            unitLeavesAt[epoch].push(unitLeaves[i]);
            leavesAt[epoch].push(this.hashLeaf(unitLeaves[i]));
        }
        for (uint256 i = 0; i < otherLeaves.length; i++) {
            leavesAt[epoch].push(otherLeaves[i]);
        }
        if (leavesAt[epoch].length == 0) leavesAt[epoch].push(keccak256("empty"));
        return Tree.slots(leavesAt[epoch])[0];
    }

    function proofOf(uint40 epoch, uint256 index) internal view returns (bytes32[] memory) {
        return Tree.proof(leavesAt[epoch], index);
    }

    function applyState(uint40 epoch, uint256 index) internal {
        orch.applyState(unitLeavesAt[epoch][index], prevOf[epoch], proofOf(epoch, index));
    }

    function request(bytes32 unitId, uint64 gib, uint32 epochs) internal pure returns (ReserveRequest memory) {
        return ReserveRequest(unitId, gib * GIB, epochs, type(uint128).max);
    }

    function reserveAs(address consumer, bytes32 unitId, uint64 gib, uint32 epochs) internal returns (uint256 id) {
        fund(consumer, uint256(gib) * epochs * 1 ether, address(orch));
        vm.prank(consumer);
        id = orch.reserve(request(unitId, gib, epochs));
    }

    function activate(uint256 id, uint256 index) internal {
        orch.activate(id, unitLeavesAt[lastEpoch][index], prevOf[lastEpoch], proofOf(lastEpoch, index));
    }

    function settle(uint40 epoch, uint256 index, uint256 id) internal {
        uint256[] memory ids = new uint256[](1);
        ids[0] = id;
        orch.settle(unitLeavesAt[epoch][index], prevOf[epoch], proofOf(epoch, index), ids);
    }

    /// @dev One unit, admitted by the root of epoch 1.
    function launchWithUnit() internal returns (bytes32 unitId) {
        launch(7);
        registerProvider();
        unitId = addUnit(1);
        attest(1);
        applyState(1, 0);
    }
}
