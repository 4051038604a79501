// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Network} from "../support/Network.sol";
import {vm} from "../support/Vm.sol";
import {IAttestations} from "../../src/interfaces/IAttestations.sol";
import {AttestationHeader} from "../../src/types/Messages.sol";
import {EvaluationParams} from "../../src/types/Parameters.sol";
import {AttestationResult} from "../../src/types/Records.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

contract AttestationTest is Network {
    function setUp() public {
        launch(13);
        attest(0);
        goTo(1);
    }

    function next() internal view returns (AttestationHeader memory) {
        return header(1, keccak256("root of epoch 1"));
    }

    function expectResult(AttestationHeader memory h, bytes memory signatures, AttestationResult expected) internal {
        bytes32 ringBefore = orch.ringEntry(h.epoch);
        uint40 headBefore = orch.head().epoch;
        AttestationResult result = orch.submitAttestation(h, signatures);
        assertEq(uint8(result), uint8(expected), "result");
        if (expected == AttestationResult.Accepted) return;
        assertEq(orch.ringEntry(h.epoch), ringBefore, "ring untouched");
        assertEq(orch.head().epoch, headBefore, "head untouched");
    }

    function test_default_acceptsAQuorum() public {
        AttestationHeader memory h = next();
        vm.expectEmit(address(orch));
        emit IAttestations.AttestationAccepted(1, 0, 1, 0, h.root, 0, h.inputsHash, 0x1ff);
        expectResult(h, signedBy(h, 0x1ff), AttestationResult.Accepted);
        assertEq(orch.head().epoch, 1, "head epoch");
        assertEq(bytes32(orch.head().root), bytes32(bytes27(h.root)), "head root");
        assertTrue(orch.isAccepted(h.root, 1, 0), "in the ring");
        assertTrue(!orch.isAccepted(h.root, 1, 1), "prevEpoch is proven");
        assertEq(orch.verifyAttestation(orch.attestationDigest(h), 1, signedBy(h, 0x1ff)), 0x1ff, "signers");
    }

    function test_behavior_anyQuorumOfTheSetVerifies(uint256 seed) public {
        AttestationHeader memory h = next();
        h.root = keccak256(abi.encode(seed));
        uint256 bitmap;
        uint256 count;
        while (count < 9) {
            seed = uint256(keccak256(abi.encode(seed)));
            if (bitmap >> (seed % 13) & 1 == 0) {
                bitmap |= 1 << (seed % 13);
                count++;
            }
        }
        expectResult(h, signedBy(h, bitmap), AttestationResult.Accepted);
    }

    function test_behavior_bothParitiesOccurAndVerify() public {
        uint256 odd;
        for (uint256 round = 0; round < 8; round++) {
            AttestationHeader memory h = header(1, keccak256(abi.encode("parity", round)));
            bytes32 digest = digestOf(h);
            for (uint256 i = 0; i < 9; i++) {
                (uint8 v,,) = vm.sign(nodeKeys[i], digest);
                if (v == 28) odd++;
            }
            assertEq(orch.verifyAttestation(digest, 1, signedBy(h, 0x1ff)), 0x1ff, "verifies");
        }
        assertTrue(odd > 18 && odd < 54, "about half have v = 28");
    }

    function test_behavior_windowIsOpenAfterStartUntilHalfAnEpochAfterEnd() public {
        AttestationHeader memory h = next();
        bytes memory signatures = signedBy(h, 0x1ff);
        vm.warp(startOf(1));
        expectResult(h, signatures, AttestationResult.OutsideWindow);
        vm.warp(startOf(2) + L / 2 + 1);
        expectResult(h, signatures, AttestationResult.OutsideWindow);
        vm.warp(startOf(2) + L / 2);
        expectResult(h, signatures, AttestationResult.Accepted);
    }

    function test_behavior_windowOpensOneSecondAfterStart() public {
        AttestationHeader memory h = next();
        vm.warp(startOf(1) + 1);
        expectResult(h, signedBy(h, 0x1ff), AttestationResult.Accepted);
    }

    function test_error_notNewer() public {
        attest(1);
        AttestationHeader memory h = next();
        expectResult(h, signedBy(h, 0x1ff), AttestationResult.NotNewer);
        h = header(0, keccak256("other"));
        vm.warp(startOf(1) + 1);
        expectResult(h, signedBy(h, 0x1ff), AttestationResult.NotNewer);
    }

    function test_error_wrongParent() public {
        AttestationHeader memory h = next();
        h.parentRoot = keccak256("other");
        expectResult(h, signedBy(h, 0x1ff), AttestationResult.WrongParent);
        h.parentRoot = 0;
        expectResult(h, signedBy(h, 0x1ff), AttestationResult.WrongParent);
    }

    function test_error_wrongSet() public {
        AttestationHeader memory h = next();
        h.setId = 2;
        expectResult(h, signedBy(h, 0x1ff), AttestationResult.WrongSet);
        h.setId = 0;
        expectResult(h, signedBy(h, 0x1ff), AttestationResult.WrongSet);
    }

    function test_error_wrongParametersOrVersion() public {
        AttestationHeader memory h = next();
        h.paramsHash = keccak256("other");
        expectResult(h, signedBy(h, 0x1ff), AttestationResult.WrongParameters);
        h = next();
        h.evaluatorVersion = 2;
        expectResult(h, signedBy(h, 0x1ff), AttestationResult.WrongParameters);
    }

    function test_error_anyChangedFieldBreaksTheSignatures() public {
        AttestationHeader memory h = next();
        bytes memory signatures = signedBy(h, 0x1ff);
        h.attempt = 1;
        expectResult(h, signatures, AttestationResult.BadSignatures);
        h = next();
        h.root = keccak256("other");
        expectResult(h, signatures, AttestationResult.BadSignatures);
        h = next();
        h.unitCount += 1;
        expectResult(h, signatures, AttestationResult.BadSignatures);
        h = next();
        h.inputsHash = keccak256("other");
        expectResult(h, signatures, AttestationResult.BadSignatures);
    }

    function test_error_mirroredSignature() public {
        AttestationHeader memory h = next();
        bytes memory signatures = signedBy(h, 0x1ff);
        // s of the third signature becomes N - s: the same signature under the other v.
        uint256 s;
        assembly ("memory-safe") {
            let at := add(signatures, add(0x20, add(0x20, add(mul(2, 0x40), 0x20))))
            s := mload(at)
            mstore(at, sub(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141, s))
        }
        expectResult(h, signatures, AttestationResult.BadSignatures);
    }

    function test_error_wrongV() public {
        AttestationHeader memory h = header(1, keccak256("find one with v = 28"));
        bytes32 digest = digestOf(h);
        // Every s as it was signed, not normalised: the first v = 28 among them fails.
        bytes memory signatures = abi.encode(uint256(0x1ff));
        uint256 odd;
        for (uint256 i = 0; i < 9; i++) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(nodeKeys[i], digest);
            if (v == 28) odd++;
            signatures = bytes.concat(signatures, r, s);
        }
        assertTrue(odd > 0, "one has v = 28");
        expectResult(h, signatures, AttestationResult.BadSignatures);
    }

    function test_error_valuesOutsideTheField() public {
        AttestationHeader memory h = next();
        for (uint256 word = 0; word < 2; word++) {
            for (uint256 kind = 0; kind < 3; kind++) {
                bytes memory signatures = signedBy(h, 0x1ff);
                uint256 value = kind == 0 ? 0 : kind == 1 ? SECP256K1_N : type(uint256).max;
                assembly ("memory-safe") {
                    mstore(add(signatures, add(0x40, mul(word, 0x20))), value)
                }
                expectResult(h, signatures, AttestationResult.BadSignatures);
            }
        }
    }

    function test_error_duplicateSigner() public {
        AttestationHeader memory h = next();
        bytes32 digest = digestOf(h);
        bytes memory signatures = abi.encode(uint256(0x1ff));
        for (uint256 i = 0; i < 9; i++) {
            signatures = bytes.concat(signatures, normalised(nodeKeys[i == 8 ? 7 : i], digest));
        }
        expectResult(h, signatures, AttestationResult.BadSignatures);
    }

    function test_error_unordered() public {
        AttestationHeader memory h = next();
        bytes32 digest = digestOf(h);
        bytes memory signatures = abi.encode(uint256(0x1ff));
        for (uint256 i = 0; i < 9; i++) {
            signatures = bytes.concat(signatures, normalised(nodeKeys[i < 2 ? 1 - i : i], digest));
        }
        expectResult(h, signatures, AttestationResult.BadSignatures);
    }

    function test_error_outOfSet() public {
        AttestationHeader memory h = next();
        bytes32 digest = digestOf(h);
        bytes memory outsider = bytes.concat(abi.encode(uint256(0xff | 1 << 13)));
        bytes memory stranger = abi.encode(uint256(0x1ff));
        for (uint256 i = 0; i < 9; i++) {
            bytes memory one = normalised(i == 8 ? nodeKey(99) : nodeKeys[i], digest);
            outsider = bytes.concat(outsider, one);
            stranger = bytes.concat(stranger, one);
        }
        expectResult(h, outsider, AttestationResult.BadSignatures);
        expectResult(h, stranger, AttestationResult.BadSignatures);
    }

    function test_error_countMustBeTheQuorum() public {
        AttestationHeader memory h = next();
        expectResult(h, signedBy(h, 0xff), AttestationResult.BadSignatures);
        expectResult(h, signedBy(h, 0x3ff), AttestationResult.BadSignatures);
        bytes memory signatures = signedBy(h, 0x1ff);
        expectResult(h, bytes.concat(signatures, hex"00"), AttestationResult.BadSignatures);
        expectResult(h, "", AttestationResult.BadSignatures);
        // Right length, one bit too few or too many in the bitmap.
        assembly ("memory-safe") {
            mstore(add(signatures, 0x20), 0xff)
        }
        expectResult(h, signatures, AttestationResult.BadSignatures);
        assembly ("memory-safe") {
            mstore(add(signatures, 0x20), 0x3ff)
        }
        expectResult(h, signatures, AttestationResult.BadSignatures);
    }

    function test_error_wrongChain() public {
        AttestationHeader memory h = next();
        bytes memory signatures = signedBy(h, 0x1ff);
        vm.chainId(1);
        expectResult(h, signatures, AttestationResult.BadSignatures);
        expectResult(h, signedBy(h, 0x1ff), AttestationResult.Accepted);
    }

    function test_behavior_newEraAfterTheEscapePeriod() public {
        uint40 epoch = 1 + 7 * DAY;
        goTo(epoch);
        AttestationHeader memory h = header(epoch, keccak256("new era"));
        h.parentRoot = 0;
        vm.warp(startOf(1 + 7 * DAY));
        expectResult(h, signedBy(h, 0x1ff), AttestationResult.OutsideWindow);
        vm.warp(startOf(1 + 7 * DAY) + 1);
        vm.expectEmit(address(orch));
        emit IAttestations.EraOpened(1, epoch);
        expectResult(h, signedBy(h, 0x1ff), AttestationResult.Accepted);
        assertEq(orch.era(), 1, "era");
    }

    function test_error_newEraInsideTheEscapePeriod() public {
        uint40 epoch = 7 * DAY;
        goTo(epoch);
        AttestationHeader memory h = header(epoch, keccak256("new era"));
        h.parentRoot = 0;
        vm.warp(startOf(1 + 7 * DAY));
        expectResult(h, signedBy(h, 0x1ff), AttestationResult.WrongParent);
    }

    function test_behavior_announcedParametersHoldFromTheirEpoch() public {
        EvaluationParams memory params = evaluation();
        params.minReports = 2;
        orch.scheduleEvaluation(params, 2, 3);
        assertEq(orch.evaluationAt(2).evaluatorVersion, 1, "before");
        assertEq(orch.evaluationAt(3).paramsHash, keccak256(abi.encode(params)), "from");
        assertEq(orch.evaluationParams(keccak256(abi.encode(params))).minReports, 2, "params by hash");
        attest(1);
        attest(2);
        goTo(3);
        AttestationHeader memory h = header(3, keccak256("3"));
        h.evaluatorVersion = 1;
        expectResult(h, signedBy(h, 0x1ff), AttestationResult.WrongParameters);
        attest(3);
    }

    function test_behavior_anAnnouncementIsReplacedWhileTwoEpochsAway() public {
        orch.scheduleEvaluation(evaluation(), 2, 5);
        orch.scheduleEvaluation(evaluation(), 3, 4);
        assertEq(orch.evaluationAt(5).evaluatorVersion, 3, "replaced");
        goTo(3);
        orch.scheduleEvaluation(evaluation(), 4, 5);
        assertEq(orch.evaluationAt(4).evaluatorVersion, 3, "kept");
        assertEq(orch.evaluationAt(5).evaluatorVersion, 4, "added");
    }

    function test_error_parametersTooEarlyOrNotByTheOwner() public {
        vm.expectRevert(abi.encodeWithSelector(IAttestations.ActivationTooEarly.selector, 3));
        orch.scheduleEvaluation(evaluation(), 2, 2);
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, CONSUMER));
        orch.scheduleEvaluation(evaluation(), 2, 9);
    }

    function test_error_syncSetIsTheOracleSets() public {
        vm.expectRevert(IAttestations.NotOracleSet.selector);
        orch.syncSet();
        // It drops a cache: nothing is accepted or refused for it.
        vm.prank(address(oracles));
        orch.syncSet();
        attest(1);
    }

    function test_default_views() public view {
        assertEq(orch.genesis(), GENESIS, "genesis");
        assertEq(orch.epochLength(), L, "length");
        assertEq(orch.dayEpochs(), DAY, "day");
        assertEq(orch.currentEpoch(), 1, "current");
        assertEq(orch.oracleSet(), address(oracles), "oracleSet");
    }
}
