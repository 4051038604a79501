// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ClockParams, EconomicParams} from "../types/Parameters.sol";
import {Stats} from "../types/Records.sol";

/// @title Deployment parameters, figures, pause
interface IAdministration {
    /// @notice Intake was stopped or resumed.
    event PausedChanged(bool paused);

    /// @notice Intake is stopped.
    error IntakePaused();
    /// @notice A deployment parameter is outside its bounds.
    error ParameterOutOfBounds(bytes32 name);
    /// @notice No module answers this selector.
    error UnknownFunction(bytes4 selector);

    /// @notice Stops or resumes intake (registrations, deposits, reservations), never settlement or withdrawal. Owner only.
    function setPaused(bool paused_) external;
    /// @notice Whether intake is stopped.
    function paused() external view returns (bool);
    /// @notice Money and delays, fixed at deployment.
    function economicParams() external view returns (EconomicParams memory);
    /// @notice Clock, fixed at deployment.
    function clockParams() external view returns (ClockParams memory);
    /// @notice ERC-20 of all bonds.
    function bondToken() external view returns (address);
    /// @notice What one oracle point is worth in a token; 0 in a token that is not listed.
    function pointValue(address token) external view returns (uint256);
    /// @notice Whether units may be priced in the token.
    function isListed(address token) external view returns (bool);
    /// @notice Figures of one provider in one token.
    function providerStats(address operator, address token) external view returns (Stats memory);
    /// @notice Figures of all providers in one token.
    function totalStats(address token) external view returns (Stats memory);
    /// @notice Module that answers a selector; zero: the contract itself, or nobody.
    function moduleOf(bytes4 selector) external view returns (address);
}
