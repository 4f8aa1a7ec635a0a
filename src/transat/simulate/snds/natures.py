"""Natures of service written (PRS_NAT_REF), with their labels in IR_NAT_V.

3336 for drugs dispensed by a hospital to outpatients is the convention of this project's two ends;
the label of IR_NAT_V for 3336 is 'pharmacie sous ATU séjour': readers should rely on ER_UCD_F.
"""

from __future__ import annotations

from typing import Final

CONSULTATION: Final = 1111  # 'consultation cotée C'
ULTRASOUND: Final = 1324  # 'acte d'échographie CCAM'
TOWN_PHARMACY: Final = 3313  # 'pharmacie 65 %'
HOSPITAL_PHARMACY: Final = 3336
BIOLOGY: Final = 3211  # 'actes de biologie'
DRESSING: Final = 3515  # 'articles de pansements'
TOWN_ABORTION: Final = 3329  # 'forfait médicament IVG ville'

#: Price of one unit, in cents: plausible sums, no tariff.
CENTS: Final = {
    CONSULTATION: 2500,
    ULTRASOUND: 7000,
    TOWN_PHARMACY: 1240,
    HOSPITAL_PHARMACY: 48000,
    BIOLOGY: 1600,
    DRESSING: 2200,
    TOWN_ABORTION: 9000,
}
