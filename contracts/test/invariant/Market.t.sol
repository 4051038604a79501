// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Assertions} from "../support/Assertions.sol";
import {vm} from "../support/Vm.sol";
import {MarketHandler} from "./MarketHandler.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IOrchestrator} from "../../src/interfaces/IOrchestrator.sol";
import {Dispute, DisputeStatus, Provider, Reservation, ReservationStatus, Stats, Unit} from "../../src/types/Records.sol";

/// @dev docs/invariants.md 1 to 9.
contract MarketInvariants is Assertions {
    MarketHandler internal handler;
    IOrchestrator internal orch;
    address internal bondToken;
    address internal provider;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        handler = new MarketHandler();
        handler.setUp();
        address orchestrator;
        (orchestrator, bondToken, provider) = handler.network();
        orch = IOrchestrator(orchestrator);
    }

    function targetContracts() external view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory list) {
        list = new FuzzSelector[](1);
        bytes4[] memory s = new bytes4[](22);
        s[0] = MarketHandler.passTime.selector;
        s[1] = MarketHandler.attestNext.selector;
        s[2] = MarketHandler.deposit.selector;
        s[3] = MarketHandler.withdraw.selector;
        s[4] = MarketHandler.reserve.selector;
        s[5] = MarketHandler.activate.selector;
        s[6] = MarketHandler.giveUpHold.selector;
        s[7] = MarketHandler.topUp.selector;
        s[8] = MarketHandler.extend.selector;
        s[9] = MarketHandler.release.selector;
        s[10] = MarketHandler.expire.selector;
        s[11] = bytes4(keccak256("settle(uint256)"));
        s[12] = MarketHandler.openEscape.selector;
        s[13] = MarketHandler.executeEscape.selector;
        s[14] = MarketHandler.claimPoints.selector;
        s[15] = MarketHandler.openDispute.selector;
        s[16] = MarketHandler.resolveDispute.selector;
        s[17] = MarketHandler.expireDispute.selector;
        s[18] = MarketHandler.noticeLoss.selector;
        s[19] = MarketHandler.slashLoss.selector;
        s[20] = MarketHandler.changeCapacity.selector;
        s[21] = MarketHandler.changeBond.selector;
        list[0] = FuzzSelector(address(handler), s);
    }

    function tokens() internal view returns (address[2] memory) {
        return [bondToken, address(handler.feeToken())];
    }

    /// @dev What the contract owes in a token.
    function owed(address token) internal view returns (uint256 sum) {
        address[] memory accounts = handler.accounts();
        for (uint256 i = 0; i < accounts.length; i++) {
            sum += orch.creditOf(token, accounts[i]);
        }
        for (uint256 id = 1; id <= orch.reservationCount(); id++) {
            Reservation memory r = orch.reservation(id);
            if (orch.unit(r.unitId).token != token) continue;
            if (r.status == ReservationStatus.Held) sum += uint256(r.ratePerEpoch) * r.endEpoch;
            if (r.status == ReservationStatus.Active) {
                sum += uint256(r.ratePerEpoch) * (r.endEpoch - r.lastEpoch) + r.surplus;
            }
        }
        for (uint256 id = 1; id <= orch.disputeCount(); id++) {
            Dispute memory d = orch.dispute(id);
            bytes32 unitId = orch.reservation(d.reservationId).unitId;
            if (d.status == DisputeStatus.Open && orch.unit(unitId).token == token) sum += d.frozen + uint256(d.deposit);
        }
        sum += orch.feePool(token);
        if (token == bondToken) sum += orch.provider(provider).bond;
    }

    /// @dev 1 to 8, all after each call: one campaign for all of them, where one for each would only repeat the same calls.
    function invariant_market() public view {
        check_1_heldIsOwed();
        check_2_capacity();
        check_3_epochsGrow();
        check_4_neverMoreThanTheDeposit();
        check_5_pool();
        check_6_frozen();
        check_7_figures();
        check_8_intervals();
    }

    /// @dev 1. Conservation: what is held is what is owed, per token, to the last unit.
    function check_1_heldIsOwed() internal view {
        for (uint256 i = 0; i < 2; i++) {
            assertEq(IERC20(tokens()[i]).balanceOf(address(orch)), owed(tokens()[i]), "held is owed");
        }
    }

    /// @dev 2. Capacity: what is reserved is the sum of the reservations that have it, within the capacity.
    function check_2_capacity() internal view {
        uint256 all;
        uint256 capacity;
        for (uint256 i = 0; i < handler.UNITS(); i++) {
            bytes32 unitId = handler.unitIdAt(i);
            uint256 reserved;
            for (uint256 id = 1; id <= orch.reservationCount(); id++) {
                Reservation memory r = orch.reservation(id);
                bool has = r.status == ReservationStatus.Held || r.status == ReservationStatus.Active;
                if (r.unitId == unitId && has && !r.capacityFreed) reserved += r.capacityBytes;
            }
            Unit memory unit = orch.unit(unitId);
            assertEq(unit.reservedBytes, reserved, "sum of reservations");
            assertLe(reserved, unit.capacityBytes, "within the capacity");
            all += reserved;
            capacity += unit.capacityBytes;
        }
        Provider memory own = orch.provider(provider);
        Stats memory total = orch.totalStats(bondToken);
        assertEq(own.reservedBytes, all, "provider's figure");
        assertEq(total.reservedBytes, all, "total figure");
        assertEq(own.capacityBytes, capacity, "provider's capacity");
        assertEq(total.capacityBytes, capacity, "total capacity");
    }

    /// @dev 3. Attested epochs only grow.
    function check_3_epochsGrow() internal view {
        assertTrue(!handler.headWentBack(), "head");
        assertEq(orch.head().epoch, handler.highestHead() == 0 ? 1 : handler.highestHead(), "the newest");
    }

    /// @dev 4. A reservation never gives out more than was paid into it, and all of it once it is over.
    function check_4_neverMoreThanTheDeposit() internal view {
        for (uint256 id = 1; id <= orch.reservationCount(); id++) {
            uint256 out = handler.paidOut(id);
            assertLe(out, handler.paidIn(id), "out is within in");
            ReservationStatus status = orch.reservation(id).status;
            if (status != ReservationStatus.Held && status != ReservationStatus.Active) {
                assertEq(out, handler.paidIn(id), "all of it at the end");
            }
        }
    }

    /// @dev 5. The pool is the fee on everything paid, less what was claimed.
    function check_5_pool() internal view {
        for (uint256 i = 0; i < 2; i++) {
            assertLe(orch.feePool(tokens()[i]), uint256(orch.totalStats(tokens()[i]).paid) * 200 / 10_000, "pool");
        }
    }

    /// @dev 6. A dispute freezes at most what is disputed.
    function check_6_frozen() internal view {
        for (uint256 id = 1; id <= orch.disputeCount(); id++) {
            Dispute memory d = orch.dispute(id);
            assertLe(d.frozen, d.amount, "frozen");
        }
    }

    /// @dev 7. Provider and total figures are the same while there is one provider, and what is unbonding is bonded.
    function check_7_figures() internal view {
        for (uint256 i = 0; i < 2; i++) {
            Stats memory own = orch.providerStats(provider, tokens()[i]);
            Stats memory total = orch.totalStats(tokens()[i]);
            assertEq(own.paid, total.paid, "paid");
            assertEq(own.credited, total.credited, "credited");
            assertEq(own.slashed, total.slashed, "slashed");
        }
        assertLe(orch.provider(provider).unbonding, orch.provider(provider).bond, "unbonding");
    }

    /// @dev 8. An active reservation is settled within what it has paid.
    function check_8_intervals() internal view {
        for (uint256 id = 1; id <= orch.reservationCount(); id++) {
            Reservation memory r = orch.reservation(id);
            if (r.status == ReservationStatus.Active) assertTrue(r.lastEpoch < r.endEpoch, "interval");
        }
    }

    /// @dev 9. Nothing stays locked: without any oracle, everybody gets everything but the oracles' pool out in the end.
    function afterInvariant() public {
        vm.warp(block.timestamp + 40 * 72);
        for (uint256 id = 1; id <= orch.disputeCount(); id++) {
            if (orch.dispute(id).status != DisputeStatus.Open) continue;
            vm.warp(block.timestamp + 40 * 72);
            orch.expireDispute(id);
        }
        _closeAll();
        for (uint256 i = 0; i < handler.UNITS(); i++) {
            bytes32 unitId = handler.unitIdAt(i);
            vm.prank(provider);
            orch.retireUnit(unitId);
        }
        Provider memory own = orch.provider(provider);
        if (own.bond != own.unbonding) {
            vm.prank(provider);
            orch.requestUnbond(own.bond - own.unbonding);
        }
        vm.warp(block.timestamp + 40 * 72);
        if (own.bond != 0) {
            vm.prank(provider);
            orch.completeUnbond();
        }
        address[] memory accounts = handler.accounts();
        for (uint256 t = 0; t < 2; t++) {
            for (uint256 i = 0; i < accounts.length; i++) {
                address token = tokens()[t];
                if (orch.creditOf(token, accounts[i]) == 0) continue;
                vm.prank(accounts[i]);
                orch.withdraw(token, accounts[i]);
            }
            assertEq(IERC20(tokens()[t]).balanceOf(address(orch)), orch.feePool(tokens()[t]), "only the pool is left");
        }
    }

    function _closeAll() private {
        uint256 count = orch.reservationCount();
        for (uint256 id = 1; id <= count; id++) {
            ReservationStatus status = orch.reservation(id).status;
            if (status == ReservationStatus.Held) orch.cancel(id);
            if (status == ReservationStatus.Active && orch.reservation(id).escapeEpoch <= orch.currentEpoch()) {
                try orch.openEscape(id) {} catch {}
            }
        }
        vm.warp(block.timestamp + 40 * 72);
        for (uint256 id = 1; id <= count; id++) {
            if (orch.reservation(id).status == ReservationStatus.Active) orch.executeEscape(id);
        }
        assertEq(orch.totalStats(bondToken).reservedBytes, 0, "no capacity is taken");
    }
}
