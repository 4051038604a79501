// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Network} from "../support/Network.sol";
import {FeeToken} from "../support/OddTokens.sol";
import {vm} from "../support/Vm.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {OrchestratorConfig} from "../../src/orchestrator/Orchestrator.sol";
import {OracleLeaf, VerdictLeaf} from "../../src/types/Leaves.sol";
import {DataUnitTerms} from "../../src/types/Messages.sol";
import {EconomicParams, ListedToken} from "../../src/types/Parameters.sol";
import {
    Dispute,
    DisputeStatus,
    Provider,
    Reservation,
    ReservationStatus,
    ReserveRequest
} from "../../src/types/Records.sol";

/// @dev Everything that moves money, done by a few actors in any order. A call that finds nothing to do reverts, so that
/// Forge's metrics count the calls that changed something.
contract MarketHandler is Network {
    address[4] internal actors = [address(0xA1), address(0xA2), address(0xA3), address(0xA4)];
    FeeToken public feeToken;
    uint256 public constant UNITS = 3;

    /// @dev What went into a reservation, and what came out of it.
    mapping(uint256 id => uint256) public paidIn;
    mapping(uint256 id => uint256) public paidOut;
    uint40 public highestHead;
    bool public headWentBack;
    OracleLeaf internal pointsLeaf;
    VerdictLeaf internal verdictLeaf;

    function economics() internal pure override returns (EconomicParams memory e) {
        e = super.economics();
        e.exposureBps = [uint16(10_000), 10_000, 10_000];
    }

    function config() internal override returns (OrchestratorConfig memory c) {
        c = super.config();
        feeToken = new FeeToken();
        ListedToken[] memory tokens = new ListedToken[](2);
        tokens[0] = c.tokens[0];
        tokens[1] = ListedToken(address(feeToken), 1e15);
        c.tokens = tokens;
    }

    function setUp() external {
        launch(4);
        registerProvider();
        for (uint64 i = 0; i < UNITS; i++) {
            DataUnitTerms memory t = terms(i);
            if (i == 2) t.token = address(feeToken);
            vm.prank(PROVIDER);
            bytes32 id = orch.registerDataUnit(t);
            unitLeaves.push();
            unitLeaves[i].tag = 1;
            unitLeaves[i].unitId = id;
            unitLeaves[i].state = 2;
        }
        attest(1);
        for (uint256 i = 0; i < UNITS; i++) {
            applyState(1, i);
        }
        for (uint256 i = 0; i < 4; i++) {
            fund(actors[i], 1e6 ether, address(orch));
            feeToken.mint(actors[i], 1e6 ether);
            vm.startPrank(actors[i]);
            feeToken.approve(address(orch), type(uint256).max);
            orch.depositFor(address(feeToken), actors[i], 1e5 ether);
            vm.stopPrank();
        }
    }

    // Time and attestations

    function passTime(uint256 epochs) external {
        vm.warp(block.timestamp + bound(epochs, 1, 4) * L);
    }

    function attestNext(uint256 seed) external {
        _attestNext(seed, uint8(seed >> 80) % 4);
    }

    function _attestNext(uint256 seed, uint8 verdict) private {
        uint40 epoch = orch.currentEpoch() + 1;
        if (epoch <= lastEpoch) epoch = lastEpoch + 1;
        for (uint256 i = 0; i < UNITS; i++) {
            seed = uint256(keccak256(abi.encode(seed)));
            unitLeaves[i].paidBpsSum += uint64(seed % (20_000 * uint256(epoch - lastEpoch)));
            unitLeaves[i].state = seed >> 64 & 15 == 0 ? 4 : 2;
        }
        delete otherLeaves;
        pointsLeaf = OracleLeaf(2, vm.addr(nodeKeys[0]), epoch, 0, pointsLeaf.points + uint64(seed % 100), 0);
        otherLeaves.push(this.hashPoints(pointsLeaf));
        uint256 openDispute_ = _disputeIn(seed, DisputeStatus.Open);
        verdictLeaf = VerdictLeaf(3, openDispute_, epoch, 0, verdict, 0);
        otherLeaves.push(this.hashVerdict(verdictLeaf));
        attest(epoch);
        if (orch.head().epoch < highestHead) headWentBack = true;
        highestHead = orch.head().epoch;
    }

    // Consumers

    function deposit(uint256 seed, uint256 amount) external {
        address payer = actors[seed % 4];
        vm.prank(payer);
        orch.depositFor(seed >> 8 & 1 == 0 ? address(token) : address(feeToken), actors[(seed >> 16) % 4], amount % 1e20 + 1);
    }

    function withdraw(uint256 seed) external {
        address account = seed % 6 == 4 ? PROVIDER : seed % 6 == 5 ? treasury : actors[seed % 4];
        vm.prank(account);
        orch.withdraw(seed >> 8 & 1 == 0 ? address(token) : address(feeToken), account);
    }

    function reserve(uint256 seed, uint256 gib, uint256 epochs) external {
        ReserveRequest memory wanted =
            request(unitLeaves[seed % UNITS].unitId, uint64(bound(gib, 1, 30)), uint32(bound(epochs, 1, 200)));
        vm.prank(actors[seed >> 8 & 3]);
        uint256 id = orch.reserve(wanted);
        paidIn[id] = uint256(orch.reservation(id).ratePerEpoch) * wanted.epochs;
        if (seed >> 32 & 1 != 0) _activate(seed, id);
    }

    function activate(uint256 seed) external {
        _activate(seed, _pick(seed, ReservationStatus.Held));
    }

    function _activate(uint256 seed, uint256 id) private {
        if (orch.currentEpoch() > lastEpoch + 3) _attestNext(seed, 0);
        uint256 index = _indexOf(orch.reservation(id).unitId);
        orch.activate(id, unitLeavesAt[lastEpoch][index], prevOf[lastEpoch], proofOf(lastEpoch, index));
    }

    function giveUpHold(uint256 seed) external {
        uint256 id = _pick(seed, ReservationStatus.Held);
        uint256 before = _outside(id);
        if (seed >> 200 & 1 == 0) {
            vm.prank(orch.reservation(id).consumer);
            orch.cancel(id);
        } else {
            vm.prank(PROVIDER);
            orch.reject(id);
        }
        paidOut[id] += _outside(id) - before;
    }

    function topUp(uint256 seed, uint256 amount) external {
        uint256 id = _pick(seed, ReservationStatus.Active);
        amount = bound(amount, 1, 100 ether);
        vm.prank(actors[seed >> 8 & 3]);
        orch.topUp(id, uint96(amount));
        paidIn[id] += amount;
    }

    function extend(uint256 seed, uint256 epochs) external {
        uint256 id = _pick(seed, ReservationStatus.Active);
        Reservation memory r = orch.reservation(id);
        uint32 more = uint32(bound(epochs, 1, 20));
        vm.prank(r.consumer);
        orch.extend(id, more);
        paidIn[id] += uint256(r.ratePerEpoch) * more - (r.surplus - orch.reservation(id).surplus);
    }

    function release(uint256 seed) external {
        uint256 id = _pick(seed, ReservationStatus.Active);
        uint256 before = _outside(id);
        vm.prank(orch.reservation(id).consumer);
        orch.release(id);
        paidOut[id] += _outside(id) - before;
    }

    function expire(uint256 seed) external {
        uint256[] memory ids = new uint256[](1);
        ids[0] = _pick(seed, ReservationStatus.Active);
        // Seldom, because it puts every other reservation past its end too.
        if (seed >> 32 & 7 == 0) {
            _reach(orch.reservation(ids[0]).endEpoch + 1);
            _attestNext(seed, 0);
        }
        orch.expire(ids);
    }

    // Settlement

    function settle(uint256 seed) external {
        uint256 id = _pick(seed, ReservationStatus.Active);
        if (orch.reservation(id).lastEpoch >= lastEpoch) _attestNext(seed, 0);
        uint256 before = _outside(id);
        settle(lastEpoch, _indexOf(orch.reservation(id).unitId), id);
        paidOut[id] += _outside(id) - before;
    }

    function openEscape(uint256 seed) external {
        uint256 id = _pick(seed, ReservationStatus.Active);
        _reach(orch.reservation(id).lastEpoch + 7 * DAY);
        orch.openEscape(id);
    }

    function executeEscape(uint256 seed) external {
        uint256 id = _pickEscaping(seed);
        _reach(orch.reservation(id).escapeEpoch);
        uint256 before = _outside(id);
        orch.executeEscape(id);
        paidOut[id] += _outside(id) - before;
    }

    function claimPoints(uint256 seed) external {
        bytes32[] memory proof = proofOf(lastEpoch, UNITS);
        address paidIn_ = seed & 1 == 0 ? address(token) : address(feeToken);
        orch.claimPoints(pointsLeaf, prevOf[lastEpoch], proof, paidIn_);
    }

    // Disputes and penalties

    function openDispute(uint256 seed, uint256 amount) external {
        _openDispute(seed, amount);
    }

    function _openDispute(uint256 seed, uint256 amount) private {
        uint256 id = _pick(seed, ReservationStatus.Active);
        Reservation memory r = orch.reservation(id);
        uint256 escrow = uint256(r.ratePerEpoch) * (r.endEpoch - r.lastEpoch);
        vm.prank(r.consumer);
        orch.openDispute(id, uint8(seed >> 8 & 3), uint128(bound(amount, 0, escrow)), bytes32(seed));
    }

    function resolveDispute(uint256 seed) external {
        if (_disputeIn(seed, DisputeStatus.Open) == 0) _openDispute(seed, seed);
        _attestNext(seed, uint8(seed >> 80) % 3 + 1);
        orch.resolveDispute(verdictLeaf, prevOf[lastEpoch], proofOf(lastEpoch, UNITS + 1));
    }

    function expireDispute(uint256 seed) external {
        uint256 id = _disputeIn(seed, DisputeStatus.Open);
        _reach(orch.dispute(id).deadline + 1);
        orch.expireDispute(id);
    }

    function noticeLoss(uint256 seed) external {
        unitLeaves[seed % UNITS].lossIncidents += uint32(seed >> 8 & 3);
        _attestNext(seed, 0);
        orch.noticeLoss(unitLeavesAt[lastEpoch][seed % UNITS], prevOf[lastEpoch], proofOf(lastEpoch, seed % UNITS));
    }

    function slashLoss(uint256 seed) external {
        if (seed >> 16 & 7 == 0) unitLeaves[seed % UNITS].lossIncidents = 0;
        _reach(orch.currentEpoch() + 3 * DAY);
        _attestNext(seed, 0);
        vm.prank(actors[seed >> 8 & 3]);
        orch.slashLoss(unitLeavesAt[lastEpoch][seed % UNITS], prevOf[lastEpoch], proofOf(lastEpoch, seed % UNITS));
    }

    // Providers

    function changeCapacity(uint256 seed, uint64 capacity) external {
        vm.prank(PROVIDER);
        orch.changeCapacity(unitLeaves[seed % UNITS].unitId, capacity % (200 * GIB) + 1);
    }

    function changeBond(uint256 seed, uint128 amount) external {
        vm.startPrank(PROVIDER);
        Provider memory own = orch.provider(PROVIDER);
        if (seed & 1 == 0) {
            orch.increaseProviderBond(uint128(bound(amount, 1, 1_000 ether)));
        } else if (own.unbonding != 0 && orch.currentEpoch() >= own.unbondEpoch) {
            orch.completeUnbond();
        } else {
            orch.requestUnbond(uint128(bound(amount, 1, 500 ether)));
        }
        vm.stopPrank();
    }

    // Helpers and what the invariants read

    function hashPoints(OracleLeaf calldata leaf) external pure returns (bytes32) {
        return Hashing.leaf(leaf);
    }

    function hashVerdict(VerdictLeaf calldata leaf) external pure returns (bytes32) {
        return Hashing.leaf(leaf);
    }

    /// @dev Moves the time to an epoch, if it lies ahead.
    function _reach(uint40 epoch) private {
        if (orch.currentEpoch() < epoch) vm.warp(startOf(epoch));
    }

    /// @dev Accounts that can hold a credit.
    function accounts() public view returns (address[] memory list) {
        list = new address[](9);
        for (uint256 i = 0; i < 4; i++) {
            list[i] = actors[i];
        }
        list[4] = PROVIDER;
        list[5] = treasury;
        list[6] = operatorOf(0);
        list[7] = address(this);
        list[8] = vm.addr(PROVIDER_KEY);
    }

    function unitIdAt(uint256 i) external view returns (bytes32) {
        return unitLeaves[i].unitId;
    }

    function network() external view returns (address orchestrator, address bondToken, address provider) {
        return (address(orch), address(token), PROVIDER);
    }

    /// @dev Everything of a reservation's token that is no longer in the reservation: credits, pool, frozen money.
    function _outside(uint256 id) private view returns (uint256 sum) {
        Reservation memory r = orch.reservation(id);
        address paidIn_ = orch.unit(r.unitId).token;
        address[] memory list = accounts();
        for (uint256 i = 0; i < list.length; i++) {
            sum += orch.creditOf(paidIn_, list[i]);
        }
        sum += orch.feePool(paidIn_);
        if (r.disputeId != 0) sum += orch.dispute(r.disputeId).frozen;
    }

    function _pick(uint256 seed, ReservationStatus status) private view returns (uint256) {
        uint256 count = orch.reservationCount();
        for (uint256 i = 0; i < count; i++) {
            uint256 id = (seed % count + i) % count + 1;
            if (orch.reservation(id).status == status) return id;
        }
        revert("none");
    }

    function _pickEscaping(uint256 seed) private view returns (uint256) {
        uint256 count = orch.reservationCount();
        for (uint256 i = 0; i < count; i++) {
            uint256 id = (seed % count + i) % count + 1;
            Reservation memory r = orch.reservation(id);
            if (r.status == ReservationStatus.Active && r.escapeEpoch != 0) return id;
        }
        revert("none");
    }

    function _disputeIn(uint256 seed, DisputeStatus status) private view returns (uint256) {
        uint256 count = orch.disputeCount();
        for (uint256 i = 0; i < count; i++) {
            uint256 id = (seed % count + i) % count + 1;
            if (orch.dispute(id).status == status) return id;
        }
        return 0;
    }

    function _indexOf(bytes32 unitId) private view returns (uint256 i) {
        while (unitLeaves[i].unitId != unitId) i++;
    }
}
