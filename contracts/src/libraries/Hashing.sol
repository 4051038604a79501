// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {AttestationHeader, Commit, DataUnitTerms, RevealHeader} from "../types/Messages.sol";
import {OracleLeaf, UnitLeaf, VerdictLeaf} from "../types/Leaves.sol";

/// @title EIP-712 struct hashes and leaf hashes (docs/protocol.md 1.2, 2.1)
library Hashing {
    bytes32 internal constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 internal constant ATTESTATION_TYPEHASH = keccak256(
        "Attestation(uint40 epoch,uint64 setId,uint8 attempt,bytes32 parentRoot,bytes32 root,uint32 unitCount,bytes32 inputsHash,bytes32 paramsHash,uint32 evaluatorVersion)"
    );
    bytes32 internal constant DATA_UNIT_TYPEHASH = keccak256(
        "DataUnit(address provider,uint64 nonce,uint8 kind,bytes32 region,address token,uint64 capacityBytes,uint128 pricePerGibEpoch,uint64 egressBytesPerEpoch,uint32 availabilityPpm,uint32 ttfbP95Ms,uint32 downP10Kbps,uint32 upP10Kbps,uint40 deadline)"
    );
    bytes32 internal constant COMMIT_TYPEHASH = keccak256("Commit(uint64 setId,uint40 epoch,bytes32 commitHash)");
    bytes32 internal constant REVEAL_TYPEHASH = keccak256(
        "RevealHeader(uint64 setId,uint40 epoch,bytes32 batchHash,bytes32 salt,bytes32 secret,bytes32 blockHash,bytes32 seenHash)"
    );
    bytes32 internal constant CONSENT_TYPEHASH = keccak256("NodeConsent(address operator)");

    /// @param verifyingContract The Orchestrator, for every message of the network.
    function domainSeparator(address verifyingContract) internal view returns (bytes32) {
        return keccak256(
            abi.encode(DOMAIN_TYPEHASH, keccak256("Lightmesh"), keccak256("1"), block.chainid, verifyingContract)
        );
    }

    function digest(bytes32 separator, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }

    function attestation(AttestationHeader calldata header) internal pure returns (bytes32) {
        return keccak256(abi.encode(ATTESTATION_TYPEHASH, header));
    }

    function dataUnit(DataUnitTerms calldata terms) internal pure returns (bytes32) {
        return keccak256(abi.encode(DATA_UNIT_TYPEHASH, terms));
    }

    function commit(Commit calldata message) internal pure returns (bytes32) {
        return keccak256(abi.encode(COMMIT_TYPEHASH, message));
    }

    function revealHeader(RevealHeader calldata message) internal pure returns (bytes32) {
        return keccak256(abi.encode(REVEAL_TYPEHASH, message));
    }

    function consent(address operator) internal pure returns (bytes32) {
        return keccak256(abi.encode(CONSENT_TYPEHASH, operator));
    }

    function leaf(UnitLeaf calldata value) internal pure returns (bytes32) {
        return _twice(abi.encode(value));
    }

    function leaf(OracleLeaf calldata value) internal pure returns (bytes32) {
        return _twice(abi.encode(value));
    }

    function leaf(VerdictLeaf calldata value) internal pure returns (bytes32) {
        return _twice(abi.encode(value));
    }

    /// @dev Hashed twice, so that no inner node of the tree can be presented as a leaf.
    function _twice(bytes memory encoded) private pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(encoded)));
    }
}
