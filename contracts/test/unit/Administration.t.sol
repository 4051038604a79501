// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Network} from "../support/Network.sol";
import {FeeToken, ReentrantToken} from "../support/OddTokens.sol";
import {vm} from "../support/Vm.sol";
import {DevToken} from "../../src/devnet/DevToken.sol";
import {IAdministration} from "../../src/interfaces/IAdministration.sol";
import {IReservations} from "../../src/interfaces/IReservations.sol";
import {IProviders} from "../../src/interfaces/IProviders.sol";
import {Orchestrator, OrchestratorConfig} from "../../src/orchestrator/Orchestrator.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {UnitLeaf} from "../../src/types/Leaves.sol";
import {ReserveRequest} from "../../src/types/Records.sol";
import {DataUnitTerms} from "../../src/types/Messages.sol";
import {EconomicParams, ListedToken} from "../../src/types/Parameters.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

contract AdministrationTest is Network {
    FeeToken internal feeToken = new FeeToken();
    ReentrantToken internal reentrant = new ReentrantToken();

    function config() internal override returns (OrchestratorConfig memory c) {
        c = super.config();
        ListedToken[] memory tokens = new ListedToken[](3);
        tokens[0] = c.tokens[0];
        tokens[1] = ListedToken(address(feeToken), 1);
        tokens[2] = ListedToken(address(reentrant), 2);
        c.tokens = tokens;
    }

    function setUp() public {
        launch(7);
        registerProvider();
    }

    function expectBound(OrchestratorConfig memory c, bytes32 name) internal {
        vm.expectRevert(abi.encodeWithSelector(IAdministration.ParameterOutOfBounds.selector, name));
        this.createExternally("Orchestrator", abi.encode(c));
    }

    function test_default_views() public view {
        assertEq(orch.bondToken(), address(token), "bond token");
        assertEq(orch.pointValue(address(reentrant)), 2, "point value");
        assertTrue(orch.isListed(address(feeToken)), "listed");
        assertTrue(!orch.isListed(PROVIDER), "not listed");
        assertEq(orch.economicParams().lossSlash, 100 ether, "economics");
        assertEq(orch.clockParams().genesis, GENESIS, "clock");
        assertTrue(!orch.paused(), "open");
        assertEq(uint160(orch.moduleOf(IReservations.settle.selector)), 0, "settle is the contract's own");
        assertTrue(orch.moduleOf(IReservations.reserve.selector) != address(0), "reserve is a module's");
    }

    function test_error_unknownFunction() public {
        (bool ok, bytes memory data) = address(orch).call(hex"deadbeef");
        assertTrue(!ok, "refused");
        assertEq(
            keccak256(data),
            keccak256(abi.encodeWithSelector(IAdministration.UnknownFunction.selector, bytes4(0xdeadbeef))),
            "named"
        );
    }

    function test_default_pauseStopsIntakeOnly() public {
        bytes32 unitId = addUnit(1);
        attest(1);
        applyState(1, 0);
        uint256 held = reserveAs(CONSUMER, unitId, 5, 10);
        uint256 id = reserveAs(CONSUMER, unitId, 5, 10);
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, CONSUMER));
        orch.setPaused(true);
        vm.expectEmit(address(orch));
        emit IAdministration.PausedChanged(true);
        orch.setPaused(true);
        assertTrue(orch.paused(), "paused");
        bytes4 refused = IAdministration.IntakePaused.selector;
        vm.startPrank(CONSUMER);
        vm.expectRevert(refused);
        orch.reserve(request(unitId, 1, 1));
        vm.expectRevert(refused);
        orch.depositFor(address(token), CONSUMER, 1);
        vm.expectRevert(refused);
        orch.depositWithPermit(address(token), CONSUMER, 1, 0, 0, 0, 0);
        vm.expectRevert(refused);
        orch.reserveBatch(new ReserveRequest[](0));
        vm.expectRevert(refused);
        orch.topUp(id, 1);
        vm.expectRevert(refused);
        orch.extend(id, 1);
        vm.expectRevert(refused);
        orch.registerProvider(PROVIDER, 1, "");
        vm.expectRevert(refused);
        orch.increaseProviderBond(1);
        DataUnitTerms memory t = terms(2);
        vm.expectRevert(refused);
        orch.registerDataUnit(t);
        vm.expectRevert(refused);
        orch.registerDataUnitFor(t, "");
        UnitLeaf memory leaf = unitLeavesAt[1][0];
        vm.expectRevert(refused);
        orch.reserveAndActivate(request(unitId, 1, 1), leaf, 0, new bytes32[](0));
        vm.stopPrank();
        // What runs, runs on: activation, attestation, cancellation, settlement, release, withdrawal.
        activate(id, 0);
        vm.prank(CONSUMER);
        orch.cancel(held);
        vm.prank(CONSUMER);
        orch.release(id);
        attest(2);
        settle(2, 0, id);
        vm.prank(CONSUMER);
        assertTrue(orch.withdraw(address(token), CONSUMER) > 0, "withdrawn");
        orch.setPaused(false);
        vm.prank(CONSUMER);
        orch.reserve(request(unitId, 1, 1));
    }

    function test_default_ownershipTakesTwoSteps() public {
        Ownable2Step owned = Ownable2Step(address(orch));
        owned.transferOwnership(CONSUMER);
        assertEq(owned.owner(), address(this), "not yet");
        assertEq(owned.pendingOwner(), CONSUMER, "pending");
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, PROVIDER));
        owned.acceptOwnership();
        vm.prank(CONSUMER);
        owned.acceptOwnership();
        assertEq(owned.owner(), CONSUMER, "accepted");
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        orch.setPaused(true);
    }

    function test_error_deploymentBounds() public {
        bytes32[16] memory names = [
            bytes32("protocolFeeBps"), "minProviderBond", "lossSlash", "lossSlashCap", "abandonmentSlash",
            "reporterReward", "disputeDeposit", "exposureBps", "exposureBps", "holdEpochs", "disputeEpochs",
            "escapeEpochs", "challengeEpochs", "unbondingEpochs", "exposureBps", "bondPerTib"
        ];
        for (uint256 i = 0; i < names.length; i++) {
            OrchestratorConfig memory c = config();
            EconomicParams memory e = c.economics;
            if (i == 0) e.protocolFeeBps = 1_001;
            if (i == 1) e.minProviderBond = 0;
            if (i == 2) e.lossSlash = e.minProviderBond + 1;
            if (i == 3) e.lossSlashCap = e.lossSlash - 1;
            if (i == 4) e.abandonmentSlash = e.minProviderBond + 1;
            if (i == 5) e.reporterReward = e.lossSlash / 10 + 1;
            if (i == 6) e.disputeDeposit = 0;
            if (i == 7) e.exposureBps[0] = 0;
            if (i == 8) e.exposureBps[1] = 999;
            if (i == 9) e.holdEpochs = 7 * DAY + 1;
            if (i == 10) e.disputeEpochs = DAY - 1;
            if (i == 11) e.escapeEpochs = 90 * DAY + 1;
            if (i == 12) e.challengeEpochs = 0;
            if (i == 13) e.unbondingEpochs = e.disputeEpochs;
            if (i == 14) e.exposureBps[2] = 10_001;
            if (i == 15) e.bondPerTib = type(uint128).max;
            expectBound(c, names[i]);
        }
    }

    function test_error_otherDeploymentParameters() public {
        OrchestratorConfig memory c = config();
        c.constants.clock.epochLength = 3;
        expectBound(c, "epochLength");
        c = config();
        c.constants.clock.dayEpochs = 0;
        expectBound(c, "dayEpochs");
        c = config();
        c.constants.protocolFeeBps = 100;
        expectBound(c, "protocolFeeBps");
        c = config();
        c.treasury = address(0);
        expectBound(c, "treasury");
        c = config();
        c.evaluation.epochsPerDay = 0;
        expectBound(c, "epochsPerDay");
        c = config();
        c.evaluation.minReports = 32;
        expectBound(c, "minReports");
        c = config();
        c.evaluation.ttfbClaimSamples = 0;
        expectBound(c, "ttfbClaimSamples");
        c = config();
        c.evaluation.ttfbEnforceSamples = 11;
        expectBound(c, "ttfbEnforceSamples");
        c = config();
        c.evaluation.expectedReporters = 0;
        expectBound(c, "expectedReporters");
        c = config();
        c.constants.bondToken = address(feeToken);
        expectBound(c, "module");
        c = config();
        c.modules[1] = c.modules[0];
        expectBound(c, "selector");
    }

    function test_behavior_aTokenWithAFeeIsCreditedByWhatArrives() public {
        feeToken.mint(CONSUMER, 1_000);
        vm.startPrank(CONSUMER);
        feeToken.approve(address(orch), 1_000);
        assertEq(orch.depositFor(address(feeToken), CONSUMER, 1_000), 990, "received");
        assertEq(orch.creditOf(address(feeToken), CONSUMER), 990, "credited");
        vm.stopPrank();
    }

    function test_error_aTokenWithAFeeCannotPayAReservationFromAnAllowance() public {
        DataUnitTerms memory t = terms(1);
        t.token = address(feeToken);
        bytes32 unitId = addUnitWith(t);
        feeToken.mint(CONSUMER, 100 ether);
        vm.startPrank(CONSUMER);
        feeToken.approve(address(orch), 100 ether);
        vm.expectRevert(abi.encodeWithSelector(IReservations.InsufficientDeposit.selector, 9.9 ether, 10 ether));
        orch.reserve(request(unitId, 1, 10));
        orch.depositFor(address(feeToken), CONSUMER, 11 ether);
        orch.reserve(request(unitId, 1, 10));
    }

    function addUnitWith(DataUnitTerms memory t) internal returns (bytes32 unitId) {
        vm.prank(PROVIDER);
        unitId = orch.registerDataUnit(t);
        unitLeaves.push();
        unitLeaves[0].tag = 1;
        unitLeaves[0].unitId = unitId;
        unitLeaves[0].state = 2;
        attest(1);
        applyState(1, 0);
    }

    function test_error_aTokenThatCallsBackGetsNowhere() public {
        DataUnitTerms memory t = terms(1);
        t.token = address(reentrant);
        bytes32 unitId = addUnitWith(t);
        reentrant.mint(CONSUMER, 100 ether);
        vm.startPrank(CONSUMER);
        reentrant.approve(address(orch), 100 ether);
        bytes[4] memory calls = [
            abi.encodeCall(IReservations.depositFor, (address(reentrant), CONSUMER, 1)),
            abi.encodeCall(IReservations.reserve, (request(unitId, 1, 1))),
            abi.encodeCall(IReservations.withdraw, (address(reentrant), CONSUMER)),
            abi.encodeCall(IReservations.topUp, (1, 1))
        ];
        for (uint256 i = 0; i < calls.length; i++) {
            reentrant.arm(address(orch), calls[i]);
            orch.depositFor(address(reentrant), CONSUMER, 1 ether);
            assertTrue(reentrant.entered() && !reentrant.succeeded(), "refused during a deposit");
            reentrant.arm(address(orch), calls[i]);
            orch.withdraw(address(reentrant), CONSUMER);
            assertTrue(reentrant.entered() && !reentrant.succeeded(), "refused during a withdrawal");
            reentrant.arm(address(0), "");
        }
        assertEq(reentrant.balanceOf(address(orch)), 0, "nothing gained, nothing lost");
        assertEq(reentrant.balanceOf(CONSUMER), 100 ether, "all back");
    }

    function test_behavior_multicall() public {
        fund(CONSUMER, 10 ether, address(orch));
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IReservations.depositFor, (address(token), CONSUMER, 10 ether));
        calls[1] = abi.encodeCall(IReservations.withdraw, (address(token), treasury));
        vm.prank(CONSUMER);
        Orchestrator(payable(address(orch))).multicall(calls);
        assertEq(token.balanceOf(treasury), 10 ether, "both");
    }

    function test_error_bondsMustArriveWhole() public {
        OrchestratorConfig memory c = config();
        c.constants.bondToken = address(feeToken);
        c.modules = new address[](1);
        c.modules[0] = create("UnitsModule", abi.encode(c.constants));
        IProviders other = IProviders(create("Orchestrator", abi.encode(c)));
        feeToken.mint(CONSUMER, 2_000 ether);
        vm.prank(CONSUMER);
        feeToken.approve(address(other), 2_000 ether);
        bytes32 digest = consentDigest(address(other), CONSUMER);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(nodeKey(80), digest);
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IReservations.InsufficientDeposit.selector, 990 ether, 1_000 ether));
        other.registerProvider(vm.addr(nodeKey(80)), 1_000 ether, abi.encodePacked(r, s, v));
    }

    function consentDigest(address contract_, address operator) internal view returns (bytes32) {
        return Hashing.digest(Hashing.domainSeparator(contract_), Hashing.consent(operator));
    }

    function test_default_devToken() public {
        assertEq(token.minter(), address(this), "minter");
        vm.prank(CONSUMER);
        vm.expectRevert(DevToken.NotMinter.selector);
        token.mint(CONSUMER, 1);
    }
}
