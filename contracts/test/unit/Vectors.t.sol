// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Assertions} from "../support/Assertions.sol";
import {Tree} from "../support/Tree.sol";
import {vm} from "../support/Vm.sol";
import {EcdsaBitmap} from "../../src/libraries/EcdsaBitmap.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {Quorum} from "../../src/libraries/Quorum.sol";
import {OracleLeaf, UnitLeaf, VerdictLeaf} from "../../src/types/Leaves.sol";
import {AttestationHeader, Commit, DataUnitTerms, RevealHeader} from "../../src/types/Messages.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

/// @dev The vectors that TypeScript checks too (test/contract-vectors).
contract VectorsTest is Assertions {
    string private json;

    function setUp() public {
        json = vm.readFile("test/contract-vectors/vectors.json");
        vm.chainId(vm.parseJsonUint(json, ".domain.chainId"));
    }

    function separator() private view returns (bytes32) {
        return Hashing.domainSeparator(vm.parseJsonAddress(json, ".domain.verifyingContract"));
    }

    function test_behavior_digestsOfEveryType() public view {
        string[9] memory names = [
            "Commit", "RevealHeader", "Proposal", "Attestation", "DataUnit", "Advert", "ObjectList", "GrantRequest", "NodeConsent"
        ];
        for (uint256 i = 0; i < names.length; i++) {
            string memory path = string.concat(".messages.", names[i]);
            bytes memory words = vm.parseJsonBytes(json, string.concat(path, ".words"));
            bytes32 typeHash = keccak256(bytes(vm.parseJsonString(json, string.concat(path, ".type"))));
            bytes32 structHash = keccak256(abi.encodePacked(typeHash, words));
            assertEq(structHash, vm.parseJsonBytes32(json, string.concat(path, ".structHash")), names[i]);
            assertEq(
                Hashing.digest(separator(), structHash),
                vm.parseJsonBytes32(json, string.concat(path, ".digest")),
                names[i]
            );
        }
    }

    function expectStruct(string memory name, bytes32 actual) private view {
        assertEq(actual, vm.parseJsonBytes32(json, string.concat(".messages.", name, ".structHash")), name);
    }

    function wordsOf(string memory name) private view returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat(".messages.", name, ".words"));
    }

    function test_behavior_structHashesThatTheContractsCompute() public view {
        expectStruct("Attestation", this.attestation(abi.decode(wordsOf("Attestation"), (AttestationHeader))));
        expectStruct("DataUnit", this.dataUnit(abi.decode(wordsOf("DataUnit"), (DataUnitTerms))));
        expectStruct("Commit", this.commit(abi.decode(wordsOf("Commit"), (Commit))));
        expectStruct("RevealHeader", this.reveal(abi.decode(wordsOf("RevealHeader"), (RevealHeader))));
        expectStruct("NodeConsent", Hashing.consent(abi.decode(wordsOf("NodeConsent"), (address))));
    }

    function attestation(AttestationHeader calldata m) external pure returns (bytes32) {
        return Hashing.attestation(m);
    }

    function dataUnit(DataUnitTerms calldata m) external pure returns (bytes32) {
        return Hashing.dataUnit(m);
    }

    function commit(Commit calldata m) external pure returns (bytes32) {
        return Hashing.commit(m);
    }

    function reveal(RevealHeader calldata m) external pure returns (bytes32) {
        return Hashing.revealHeader(m);
    }

    function unitLeaf(UnitLeaf calldata l) external pure returns (bytes32) {
        return Hashing.leaf(l);
    }

    function oracleLeaf(OracleLeaf calldata l) external pure returns (bytes32) {
        return Hashing.leaf(l);
    }

    function verdictLeaf(VerdictLeaf calldata l) external pure returns (bytes32) {
        return Hashing.leaf(l);
    }

    function field(string memory leaf, string memory name) private view returns (uint256) {
        return vm.parseJsonUint(json, string.concat(".leaves.", leaf, ".fields.", name));
    }

    function field32(string memory leaf, string memory name) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(".leaves.", leaf, ".fields.", name));
    }

    function test_behavior_leafHashes() public view {
        UnitLeaf memory u;
        u.tag = uint8(field("unit", "tag"));
        u.unitId = field32("unit", "unitId");
        u.epoch = uint40(field("unit", "epoch"));
        u.era = uint32(field("unit", "era"));
        u.state = uint8(field("unit", "state"));
        u.metEpochs = uint32(field("unit", "metEpochs"));
        u.missedEpochs = uint32(field("unit", "missedEpochs"));
        u.neutralEpochs = uint32(field("unit", "neutralEpochs"));
        u.paidBpsSum = uint64(field("unit", "paidBpsSum"));
        u.lossIncidents = uint32(field("unit", "lossIncidents"));
        u.scoreBps = uint16(field("unit", "scoreBps"));
        u.availabilityPpm = uint32(field("unit", "availabilityPpm"));
        u.ttfbP95Ms = uint32(field("unit", "ttfbP95Ms"));
        u.downP10Kbps = uint32(field("unit", "downP10Kbps"));
        u.upP10Kbps = uint32(field("unit", "upP10Kbps"));
        u.samples = uint32(field("unit", "samples"));
        u.recordHash = field32("unit", "recordHash");
        assertEq(this.unitLeaf(u), vm.parseJsonBytes32(json, ".leaves.unit.hash"), "unit leaf");

        OracleLeaf memory o = OracleLeaf({
            tag: uint8(field("oracle", "tag")),
            node: vm.parseJsonAddress(json, ".leaves.oracle.fields.node"),
            epoch: uint40(field("oracle", "epoch")),
            era: uint32(field("oracle", "era")),
            points: uint64(field("oracle", "points")),
            recordHash: field32("oracle", "recordHash")
        });
        assertEq(this.oracleLeaf(o), vm.parseJsonBytes32(json, ".leaves.oracle.hash"), "oracle leaf");

        VerdictLeaf memory v = VerdictLeaf({
            tag: uint8(field("verdict", "tag")),
            disputeId: field("verdict", "disputeId"),
            epoch: uint40(field("verdict", "epoch")),
            era: uint32(field("verdict", "era")),
            verdict: uint8(field("verdict", "verdict")),
            recordHash: field32("verdict", "recordHash")
        });
        assertEq(this.verdictLeaf(v), vm.parseJsonBytes32(json, ".leaves.verdict.hash"), "verdict leaf");
    }

    function verifyProof(bytes32[] calldata proof, bytes32 leaf) external pure returns (bytes32) {
        return MerkleProof.processProofCalldata(proof, leaf);
    }

    function test_behavior_treesAndProofs() public view {
        for (uint256 i = 0; i < 6; i++) {
            string memory path = string.concat(".trees[", vm.toString(i), "]");
            bytes32[] memory leaves = vm.parseJsonBytes32Array(json, string.concat(path, ".leaves"));
            bytes32 root = vm.parseJsonBytes32(json, string.concat(path, ".root"));
            assertEq(Tree.slots(leaves)[0], root, "root");
            for (uint256 k = 0; k < leaves.length; k++) {
                string memory at_ = string.concat(path, ".proofs[", vm.toString(k), "]");
                bytes32[] memory proof = vm.parseJsonBytes32Array(json, at_);
                assertEq(this.verifyProof(proof, leaves[k]), root, "proof");
                assertEq(keccak256(abi.encode(Tree.proof(leaves, k))), keccak256(abi.encode(proof)), "same proof");
            }
        }
    }

    function verify(bytes32 digest, address nodes, bytes calldata signatures) external view returns (uint256) {
        return EcdsaBitmap.verify(digest, nodes, signatures);
    }

    function test_behavior_bitmapSignatures() public {
        for (uint256 i = 0; i < 2; i++) {
            string memory path = string.concat(".bitmaps[", vm.toString(i), "]");
            address[] memory nodes = vm.parseJsonAddressArray(json, string.concat(path, ".nodes"));
            uint256[] memory members = vm.parseJsonUintArray(json, string.concat(path, ".members"));
            bytes memory packed;
            uint256 expected;
            for (uint256 k = 0; k < nodes.length; k++) {
                packed = bytes.concat(packed, bytes20(nodes[k]));
            }
            for (uint256 k = 0; k < members.length; k++) {
                expected |= 1 << members[k];
            }
            bytes memory signatures = vm.parseJsonBytes(json, string.concat(path, ".signatures"));
            bytes32 digest = vm.parseJsonBytes32(json, string.concat(path, ".digest"));
            assertEq(this.verify(digest, SSTORE2.write(packed), signatures), expected, "signers");
        }
    }

    function test_behavior_quorums() public view {
        for (uint256 i = 0; i < 28; i++) {
            string memory path = string.concat(".quorums[", vm.toString(i), "]");
            (uint256 f, uint256 quorum) = Quorum.forNodes(vm.parseJsonUint(json, string.concat(path, ".n")));
            assertEq(f, vm.parseJsonUint(json, string.concat(path, ".f")), "f");
            assertEq(quorum, vm.parseJsonUint(json, string.concat(path, ".quorum")), "quorum");
        }
    }

    /// @dev Two quorums share an honest node, and the honest nodes alone make one.
    function test_behavior_quorumsIntersect(uint256 n) public pure {
        n = bound(n, 4, 31);
        (uint256 f, uint256 quorum) = Quorum.forNodes(n);
        assertTrue(2 * quorum - n > f, "intersection");
        assertTrue(n - f >= quorum, "liveness");
    }
}
