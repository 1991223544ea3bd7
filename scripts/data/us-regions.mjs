// Which NERC regional entity a US state or county belongs to.
//
// Sources:
// [1] NREL ReEDS-2.0, inputs/hierarchy.csv (BSD-3-Clause, commit 08f0157): county -> balancing area ->
//     assessment area, which maps to regional entities as: WECC_* -> WECC; SPP -> MRO; ERCOT -> TRE; NPCC_*
//     -> NPCC; SERC (with FRCC, merged in 2019) -> SERC; PJM -> RFC except Dominion (balancing area p99) ->
//     SERC; MISO -> by state: Minnesota, Iowa, North Dakota -> MRO; Arkansas, Louisiana, Mississippi, Texas,
//     Illinois, Missouri, western Kentucky -> SERC; Indiana, Michigan -> RFC; Wisconsin -> by utility.
// [2] EIA-861 of 2018 as joined to counties by IMMM-SFA/electricity_entity_boundaries (commit 6b9086f). Read
//     for Wisconsin from Barron on, Michigan from Allegan to Montmorency, Texas from Washington County on.
//     Only investor-owned utilities count: the code of a small cooperative there is often that of its
//     neighbour (Autauga, Alabama, is listed as SPP for that reason).
// [3] NERC's list of regional entities and the entities' own footprints: WECC names parts of Montana,
//     Nebraska, New Mexico, South Dakota and Texas; SPP RE was dissolved in 2018 (most of it went to MRO),
//     FRCC in 2019 (to SERC).
// [4] Service territories as the utilities describe them, recalled and not checked county by county: SWEPCO
//     (MRO) in Arkansas, Louisiana, Texas; Entergy (SERC); Kentucky Power and Duke Energy Kentucky (RFC)
//     beside East Kentucky Power's cooperatives (SERC); Appalachian Power and Kingsport Power (RFC), Old
//     Dominion Power of Kentucky Utilities (SERC); MidAmerican and Jo-Carroll (MRO) in Illinois; Lubbock
//     Power & Light (joined ERCOT in 2021 and 2023); El Paso Electric (WECC).
//
// `A+B` means that utilities of both entities serve the county; nobody states proportions, so they share
// evenly. Cooperatives of Associated Electric (SERC) in western Missouri are not shown: they have no county
// figures.

export const REGIONS = {
  RFC: 'NERC_RFC',
  SERC: 'NERC_SERC',
  TRE: 'NERC_TRE',
  WECC: 'NERC_WECC',
  MRO: 'NERC_MRO',
  NPCC: 'NERC_NPCC',
  ASCC: 'US_ASCC',
  HICC: 'US_HICC',
};

const state = (fips, name, region, thousands) => ({ fips, name, region, thousands });

/** Region of counties in no list of SPLIT, and inhabitants of 2020 in thousands (Census Bureau). */
export const STATES = {
  AL: state('01', 'Alabama', 'SERC', 5024),
  AK: state('02', 'Alaska', 'ASCC', 733),
  AZ: state('04', 'Arizona', 'WECC', 7152),
  AR: state('05', 'Arkansas', 'SERC', 3012),
  CA: state('06', 'California', 'WECC', 39538),
  CO: state('08', 'Colorado', 'WECC', 5774),
  CT: state('09', 'Connecticut', 'NPCC', 3606),
  DE: state('10', 'Delaware', 'RFC', 990),
  DC: state('11', 'District of Columbia', 'RFC', 690),
  FL: state('12', 'Florida', 'SERC', 21538),
  GA: state('13', 'Georgia', 'SERC', 10712),
  HI: state('15', 'Hawaii', 'HICC', 1455),
  ID: state('16', 'Idaho', 'WECC', 1839),
  IL: state('17', 'Illinois', 'SERC', 12813),
  IN: state('18', 'Indiana', 'RFC', 6786),
  IA: state('19', 'Iowa', 'MRO', 3190),
  KS: state('20', 'Kansas', 'MRO', 2938),
  KY: state('21', 'Kentucky', 'SERC', 4506),
  LA: state('22', 'Louisiana', 'SERC', 4658),
  ME: state('23', 'Maine', 'NPCC', 1362),
  MD: state('24', 'Maryland', 'RFC', 6177),
  MA: state('25', 'Massachusetts', 'NPCC', 7030),
  MI: state('26', 'Michigan', 'RFC', 10077),
  MN: state('27', 'Minnesota', 'MRO', 5706),
  MS: state('28', 'Mississippi', 'SERC', 2961),
  MO: state('29', 'Missouri', 'SERC', 6155),
  MT: state('30', 'Montana', 'WECC', 1084),
  NE: state('31', 'Nebraska', 'MRO', 1962),
  NV: state('32', 'Nevada', 'WECC', 3105),
  NH: state('33', 'New Hampshire', 'NPCC', 1378),
  NJ: state('34', 'New Jersey', 'RFC', 9289),
  NM: state('35', 'New Mexico', 'WECC', 2118),
  NY: state('36', 'New York', 'NPCC', 20201),
  NC: state('37', 'North Carolina', 'SERC', 10439),
  ND: state('38', 'North Dakota', 'MRO', 779),
  OH: state('39', 'Ohio', 'RFC', 11799),
  OK: state('40', 'Oklahoma', 'MRO', 3959),
  OR: state('41', 'Oregon', 'WECC', 4237),
  PA: state('42', 'Pennsylvania', 'RFC', 13003),
  RI: state('44', 'Rhode Island', 'NPCC', 1097),
  SC: state('45', 'South Carolina', 'SERC', 5118),
  SD: state('46', 'South Dakota', 'MRO', 887),
  TN: state('47', 'Tennessee', 'SERC', 6911),
  TX: state('48', 'Texas', 'TRE', 29146),
  UT: state('49', 'Utah', 'WECC', 3272),
  VT: state('50', 'Vermont', 'NPCC', 643),
  VA: state('51', 'Virginia', 'SERC', 8631),
  WA: state('53', 'Washington', 'WECC', 7705),
  WV: state('54', 'West Virginia', 'RFC', 1794),
  WI: state('55', 'Wisconsin', 'MRO', 5894),
  WY: state('56', 'Wyoming', 'WECC', 577),
};

/**
 * The share of a state that one region is stated to have, in ppm; the others share the rest.
 * Without such a statement every county of a state counts the same, which understates cities.
 */
export const STATED = {
  // ERCOT states that it carries about 90 percent of the state's load.
  TX: { TRE: 900_000 },
  // ComEd states that it serves about 70 percent of the state's population.
  IL: { RFC: 700_000 },
};

/** Counties by the last three digits of their FIPS code, where they differ from their state. */
export const SPLIT = {
  // SPP in the west [1], with Entergy towns among them and SWEPCO towns outside [4].
  AR: {
    MRO: `007 015 033 047 061 083 087 109 113 127 131 143 081 091 133`,
    'MRO+SERC': `009 023 071 089 097 101 129 141 057 073`,
  },
  // ComEd in the north [1]; Ameren beside it, MidAmerican and Jo-Carroll in the west [4].
  IL: {
    RFC: `007 031 037 043 063 089 091 093 097 103 111 141 177 197 201`,
    'RFC+SERC': `099 105 011 075`,
    'RFC+MRO': `015 085 195`,
    MRO: `161`,
    'MRO+SERC': `073 131`,
  },
  // Duke Energy Kentucky in the north, Kentucky Power in the east [1][4].
  KY: {
    'RFC+SERC': `015 037 117 081 191 019 025 043 071 089 115 119 127 131 133 153 159 193 195`,
  },
  // SWEPCO around Shreveport [4].
  LA: {
    MRO: `015 017`,
    'MRO+SERC': `013 031 069 081 085 119`,
  },
  // Xcel Energy (Northern States Power) at the western end of the Upper Peninsula [2].
  MI: {
    'RFC+MRO': `053`,
  },
  // Evergy, Empire District and Springfield [1].
  MO: {
    MRO: `003 005 021 025 033 037 041 047 049 061 063 075 079 081 087 095 101 107 115 117 129 147 159 165
      171 177 195 211 227 009 011 013 015 039 043 057 067 077 083 085 097 109 119 145 153 167 185 209 213
      217 225`,
  },
  // East of the Miles City tie [1].
  MT: {
    MRO: `011 017 019 021 025 055 079 083 085 091 109`,
  },
  // The ties between the interconnections (Stegall, Sidney) stand in the panhandle [3].
  NE: {
    'MRO+WECC': `007 013 033 045 049 069 105 123 157 161 165`,
  },
  // Xcel Energy (Southwestern Public Service) in the east [1].
  NM: {
    MRO: `005 009 015 025 037 041`,
    'WECC+MRO': `011`,
  },
  // Black Hills Power [1]; Meade County has both [4].
  SD: {
    WECC: `019 033 047 081 103`,
    'MRO+WECC': `093`,
  },
  // Kingsport Power beside Bristol and TVA [4].
  TN: {
    'RFC+SERC': `163`,
  },
  // Panhandle and north-east: SPP; south-east: Entergy; El Paso [1]. Edges [2][4].
  TX: {
    MRO: `011 017 065 069 079 087 111 117 129 153 165 169 179 189 195 205 211 219 233 279 295 305 341 357
      359 369 375 381 393 421 437 445 483 501 037 063 067 203 315 343 365 449 459`,
    'TRE+MRO': `303 499 487 401 423 467 379 223 159 183 075 191 387`,
    SERC: `199 241 245 347 351 361 373 403 405 407 455 457`,
    'SERC+TRE': `071 291 339`,
    'SERC+MRO': `419`,
    'TRE+SERC': `185 225 289 313 395 471 477`,
    WECC: `141`,
    'WECC+TRE': `109 229`,
  },
  // Appalachian Power and the former Allegheny Power area, Delmarva on the Eastern Shore [1]; edges [4].
  VA: {
    RFC: `001 131 043 069 139 187 840 019 021 023 027 035 045 063 067 071 077 089 121 141 155 161 167 173
      185 191 197 520 640 680 690 750 770 775`,
    'RFC+SERC': `009 031 051 079 113 125 143 157 169 195 590`,
  },
  // Wisconsin Electric, Wisconsin Public Service and Madison Gas & Electric (RFC) beside the others (MRO)
  // [2].
  WI: {
    RFC: `009 015 029 037 041 061 075 079 087 089 101 131 133`,
    'RFC+MRO': `021 025 027 039 043 051 055 059 067 069 071 073 083 085 097 105 115 117 125 127 135 137
      139`,
  },
};
