// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SSTORE2} from "solady/utils/SSTORE2.sol";
import {IAttestations} from "../interfaces/IAttestations.sol";
import {IOracleSet} from "../interfaces/IOracleSet.sol";
import {Oracle, OracleSetParams, SetTerm} from "../types/Oracles.sol";

/// @title Who is registered, who is a candidate, which sets there are
/// @dev The candidates (at most `seatLimit`) are kept as a list that only a higher bond can enter, so that forming a set
/// never looks at more than 31 operators however many register.
abstract contract OracleSeats is IOracleSet {
    uint256 internal constant MIN_NODES = 4;
    uint256 internal constant MAX_NODES = 31;
    /// @dev Announcements lie this many epochs ahead, so that every node has read them when they take effect.
    uint40 internal constant LEAD_EPOCHS = 2;

    address internal _orchestrator;
    OracleSetParams internal _params;
    mapping(address operator => Oracle) internal _oracles;
    mapping(address node => address operator) internal _operatorOf;
    address[] internal _candidates;
    /// @dev First epoch of set k at index k - 1.
    uint40[] internal _firstEpochs;
    /// @inheritdoc IOracleSet
    function setAt(uint40 epoch) public view returns (SetTerm memory term) {
        uint40 until = type(uint40).max;
        // From the newest backwards: questions are about now.
        for (uint256 id = _firstEpochs.length; id > 0; id--) {
            uint40 first = _firstEpochs[id - 1];
            if (first <= epoch) return SetTerm({setId: uint64(id), firstEpoch: first, untilEpoch: until});
            until = first;
        }
    }

    /// @inheritdoc IOracleSet
    function nodesOf(uint64 setId) public view returns (address[] memory nodes) {
        bytes memory packed = SSTORE2.read(nodesPointer(setId));
        nodes = new address[](packed.length / 20);
        for (uint256 i = 0; i < nodes.length; i++) {
            uint256 word;
            assembly ("memory-safe") {
                word := mload(add(add(packed, 0x20), mul(i, 20)))
            }
            nodes[i] = address(uint160(word >> 96));
        }
    }

    /// @inheritdoc IOracleSet
    function nodesPointer(uint64 setId) public view returns (address) {
        return SSTORE2.predictDeterministicAddress(bytes32(uint256(setId)), address(this));
    }

    /// @dev Takes an operator off the candidates; it stays in the sets that it is in.
    function _unseat(address operator) internal {
        if (!_oracles[operator].seated) return;
        _oracles[operator].seated = false;
        uint256 n = _candidates.length;
        for (uint256 i = 0; i < n; i++) {
            if (_candidates[i] == operator) {
                _candidates[i] = _candidates[n - 1];
                break;
            }
        }
        _candidates.pop();
        emit CandidateChanged(operator, false);
    }

    /// @dev Gives an operator a free seat, or the seat of the lowest bond if its own is higher.
    function _offerSeat(address operator) internal returns (bool) {
        uint256 n = _candidates.length;
        uint128 bond = _oracles[operator].bond;
        if (bond < _params.minBond) return false;
        if (n < _params.seatLimit) {
            _candidates.push(operator);
        } else {
            uint256 lowest = 0;
            for (uint256 i = 1; i < n; i++) {
                // The later of two equal bonds goes first.
                if (_oracles[_candidates[i]].bond <= _oracles[_candidates[lowest]].bond) lowest = i;
            }
            address loser = _candidates[lowest];
            if (bond <= _oracles[loser].bond) return false;
            _oracles[loser].seated = false;
            _candidates[lowest] = operator;
            emit CandidateChanged(loser, false);
        }
        _oracles[operator].seated = true;
        emit CandidateChanged(operator, true);
        return true;
    }

    function _bound() internal view returns (IAttestations) {
        if (_orchestrator == address(0)) revert NotBound();
        return IAttestations(_orchestrator);
    }
}
