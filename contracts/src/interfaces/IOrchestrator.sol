// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAdministration} from "./IAdministration.sol";
import {IAttestations} from "./IAttestations.sol";
import {IDisputes} from "./IDisputes.sol";
import {IOraclePay} from "./IOraclePay.sol";
import {IProviders} from "./IProviders.sol";
import {IReservations} from "./IReservations.sol";

/// @title The coordinating unit: providers, data units, reservations, escrow, attested roots, settlement
/// @notice One address answers all of this; which module does is an implementation matter (`moduleOf`).
interface IOrchestrator is IAdministration, IAttestations, IProviders, IReservations, IDisputes, IOraclePay {}
