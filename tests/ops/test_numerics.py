"""The special functions of `autodiff.ops.numerics` against mpmath, PyTorch's special values and identities."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff.ops import numerics
from autodiff.ops.numerics.elementwise import BLOCK

inf, nan = math.inf, math.nan

# Computed by mpmath with 45 digits and rounded to float64: operands, then the value. The points sit at either side
# of every cut between two formulas, and at the ends of the range.
# fmt: off
VALUES: dict[str, list[tuple[float, ...]]] = {
    "erf": [
        (1e-300, 1.1283791670955126e-300), (1e-08, 1.1283791670955126e-08), (0.1, 0.1124629160182849),
        (-0.25, -0.27632639016823696), (0.46875, 0.49261347321793797), (0.4687500000000001, 0.4926134732179381),
        (0.5, 0.5204998778130465), (-1.0, -0.8427007929497149), (2.0, 0.9953222650189527), (3.9, 0.9999999652077514),
        (4.1, 0.9999999932999724), (-5.5, -0.9999999999999927), (5.9, 0.9999999999999999), (7.0, 1.0),
    ],
    "erfc": [
        (1e-300, 1.0), (1e-08, 0.9999999887162083), (0.25, 0.7236736098317631), (0.46875, 0.507386526782062),
        (0.4687500000000001, 0.5073865267820619), (0.9, 0.20309178757716786), (1.5, 0.033894853524689274),
        (4.0, 1.541725790028002e-08), (4.000000000000001, 1.5417257900279907e-08), (10.0, 2.088487583762545e-45),
        (26.0, 5.663192408856143e-296), (-0.3, 1.3286267594591274), (-0.5, 1.5204998778130465),
        (-2.0, 1.9953222650189528), (-6.5, 2.0),
    ],
    "erfcx": [
        (1e-08, 0.9999999887162084), (0.25, 0.7703465477309968), (0.46875, 0.6320696892495561),
        (0.4687500000000001, 0.632069689249556), (1.0, 0.427583576155807), (4.0, 0.13699945762506138),
        (4.000000000000001, 0.13699945762506135), (50.0, 0.011281536265323773), (100000000.0, 5.641895835477562e-09),
        (1e+200, 5.641895835477563e-201), (-0.3, 1.4537492328427655), (-0.5, 1.952360489182557),
        (-3.0, 16205.988853999586), (-26.0, 7.657724931490568e+293),
    ],
    "erfinv": [
        (1e-300, 8.86226925452758e-301), (1e-08, 8.86226925452758e-09), (0.1, 0.08885599049425769),
        (-0.5, -0.4769362762044699), (0.84, 0.9935356283473041), (0.85, 1.0179024648320276),
        (0.8500000000000001, 1.0179024648320278), (0.9, 1.1630871536766743), (-0.999, -2.3267537655135246),
        (0.99999999, 4.052237243268763), (0.9999999999999999, 5.8635847487551676),
    ],
    "ndtr": [
        (1e-08, 0.5000000039894228), (0.5, 0.6914624612740131), (0.67, 0.7485711049046899),
        (0.6700000000000002, 0.7485711049046899), (1.0, 0.8413447460685429), (5.0, 0.9999997133484281),
        (8.0, 0.9999999999999993), (-0.5, 0.3085375387259869), (-0.67, 0.2514288950953101),
        (-0.6700000000000002, 0.2514288950953101), (-3.0, 0.0013498980316300946), (-10.0, 7.619853024160525e-24),
        (-37.0, 5.725571222524577e-300),
    ],
    "ndtri": [
        (1e-300, -37.0470962993612), (1e-30, -11.464024688443615), (1e-11, -6.706023155495136),
        (1.3e-11, -6.667611456510741), (0.001, -3.0902323061678136), (0.075, -1.439531470938456),
        (0.07500000000000001, -1.439531470938456), (0.3, -0.5244005127080408), (0.5000001, 2.506628273311648e-07),
        (0.925, 1.4395314709384561), (0.9251, 1.440238267527964), (0.999999, 4.753424308817087),
        (0.9999999999999999, 8.209536151601387),
    ],
    "log_ndtr": [
        (1e-08, -0.6931471725810997), (0.5, -0.3689464152886564), (1.0, -0.17275377902344988),
        (3.0, -0.0013508099647481938), (8.0, -6.220960574271786e-16), (30.0, -4.906713927148187e-198),
        (-0.5, -1.1759117615936185), (-1.0, -1.8410216450092636), (-1.0000000000000002, -1.8410216450092638),
        (-2.0, -3.783184333682032), (-10.0, -53.23128515051247), (-40.0, -804.6084420137538),
        (-100000.0, -5000000012.431864),
    ],
    "expit": [
        (1e-300, 0.5), (1e-08, 0.5000000025), (0.5, 0.6224593312018546), (1.0, 0.7310585786300049),
        (3.0, 0.9525741268224333), (20.0, 0.9999999979388464), (40.0, 1.0), (-0.5, 0.37754066879814546),
        (-3.0, 0.04742587317756678), (-40.0, 4.248354255291589e-18), (-700.0, 9.85967654375977e-305),
        (-740.0, 4.2e-322),
    ],
    "log_expit": [
        (1e-08, -0.6931471755599453), (0.5, -0.4740769841801067), (1.0, -0.3132616875182228),
        (3.0, -0.04858735157374206), (20.0, -2.061153620314381e-09), (40.0, -4.248354255291589e-18),
        (700.0, -9.85967654375977e-305), (-0.5, -0.9740769841801067), (-3.0, -3.048587351573742), (-40.0, -40.0),
        (-1000.0, -1000.0),
    ],
    "softplus": [
        (1e-08, 0.6931471855599454), (0.5, 0.9740769841801067), (1.0, 1.3132616875182228), (3.0, 3.048587351573742),
        (19.9, 19.900000002277924), (-0.5, 0.4740769841801067), (-3.0, 0.04858735157374206),
        (-20.0, 2.061153620314381e-09), (-40.0, 4.248354255291589e-18), (-700.0, 9.85967654375977e-305),
    ],
    "entr": [
        (1e-300, 6.9077552789821376e-298), (1e-08, 1.8420680743952367e-07), (0.1, 0.23025850929940458),
        (0.3678794411714423, 0.36787944117144233), (0.5, 0.34657359027997264), (0.9999999, 9.999999494736425e-08),
        (1.0000001, -1.0000000505838655e-07), (2.0, -1.3862943611198906), (10.0, -23.025850929940457),
        (1e+300, -6.907755278982137e+302),
    ],
    "lgamma": [
        (1e-300, 690.7755278982137), (1e-08, 18.42068073818021), (0.1, 2.252712651734206),
        (0.49999999999999994, 0.5723649429247002), (0.5, 0.5723649429247001), (0.9999999999, 5.7721571274281786e-11),
        (1.0000001, -5.772155829918507e-08), (1.4616321449683622, -0.12148629053584961), (1.5, -0.12078223763524522),
        (1.5000000000000002, -0.12078223763524522), (1.9999999, -4.2278430309861296e-08),
        (2.0000000001, 4.2278437011204657e-11), (3.0, 0.6931471805599453), (4.0, 1.791759469228055),
        (4.000000000000001, 1.791759469228056), (10.0, 12.801827480081469), (10.000000000000002, 12.801827480081474),
        (171.5, 709.1431630309282), (10000000000.0, 220258509288.81058), (2.5e+305, 1.7555118602376452e+308),
        (-1e-08, 18.42068074972452), (-0.3, 1.4648400508576025), (-0.5, 1.2655121234846454),
        (-0.75, 1.5757045971498584), (-1.5, 0.860047015376481), (-3.25, -0.6231534513209986),
        (-20.5, -42.70719597482576), (-150.3, -605.1679288889455),
    ],
    "digamma": [
        (1e-300, -9.999999999999999e+299), (1e-08, -100000000.57721564), (0.1, -10.423754940411076),
        (0.49999999999999994, -1.9635100260214238), (0.5, -1.9635100260214235), (1.0, -0.5772156649015329),
        (1.4616321, -4.3514636958769774e-08), (1.4616321449683622, -9.241265521729427e-17),
        (2.0, 0.42278433509846713), (3.0, 0.9227843350984671), (3.0000000000000004, 0.9227843350984674),
        (10.0, 2.251752589066721), (10.000000000000002, 2.2517525890667214), (100000.0, 11.512920464961896),
        (1e+300, 690.7755278982137), (-1e-08, 99999999.42278431), (-0.3, 2.113309779635399),
        (-0.5, 0.03648997397857652), (-0.75, -2.894120200042932), (-1.5, 0.7031566406452432),
        (-3.25, 4.46627587235028), (-20.4, 4.060609840029619),
    ],
    "i0": [
        (1e-300, 1.0), (1e-08, 1.0), (0.1, 1.0025015629340956), (-1.0, 1.2660658777520084), (2.5, 3.289839144050123),
        (7.5, 268.16131151518937), (8.0, 427.5641157218048), (8.000000000000002, 427.5641157218055),
        (-9.0, 1093.5883545113747), (20.0, 43558282.559553534), (100.0, 1.0737517071310738e+42),
        (700.0, 1.5295933476718737e+302), (-713.0, 6.705128263670996e+307),
    ],
    "i0e": [
        (1e-300, 1.0), (1e-08, 0.9999999900000001), (0.1, 0.9071009257823011), (-1.0, 0.46575960759364043),
        (2.5, 0.27004644161220276), (7.5, 0.14831583007739552), (8.0, 0.14343178185685032),
        (8.000000000000002, 0.1434317818568503), (-9.0, 0.134959524581723), (20.0, 0.08978031188482602),
        (100.0, 0.03994437929909668), (700.0, 0.015081295651531358), (1000000.0, 0.00039894233026924577),
    ],
    "i1": [
        (1e-300, 5e-301), (1e-08, 5e-09), (0.1, 0.050062526047092694), (-1.0, -0.565159103992485),
        (2.5, 2.5167162452886984), (7.5, 249.58436542268814), (8.0, 399.8731367825601),
        (8.000000000000002, 399.8731367825608), (-9.0, -1030.9147225169565), (20.0, 42454973.38512777),
        (100.0, 1.0683693903381625e+42), (700.0, 1.5285003902339006e+302), (-713.0, -6.700424559186402e+307),
    ],
    "i1e": [
        (1e-300, 5e-301), (1e-08, 4.99999995e-09), (0.1, 0.045298446808809324), (-1.0, -0.20791041534970844),
        (2.5, 0.20658464953126657), (7.5, 0.1380412115485542), (8.0, 0.13414249329269817),
        (8.000000000000002, 0.13414249329269817), (-9.0, -0.1272249839358912), (20.0, 0.08750622218328867),
        (100.0, 0.03974415302513025), (700.0, 0.015070519444716848), (1000000.0, 0.0003989421307980308),
    ],
    "sinc": [
        (1e-300, 1.0), (1e-08, 0.9999999999999999), (0.1, 0.983631643083466), (-0.25, 0.9003163161571061),
        (0.5, 0.6366197723675814), (0.9, 0.10929240478705175), (1.25, -0.18006326323142122),
        (-1.5, -0.2122065907891938), (2.6, 0.11643488132933183), (3.3, -0.0780357901212854),
        (0.75, 0.30010543871903533),
    ],
    "xlogy": [
        (1e-08, 2.0, 6.9314718055994536e-09), (0.5, 0.5, -0.34657359027997264), (-1.0, 3.0, -1.0986122886681098),
        (2.0, 1e-300, -1381.5510557964274), (3.0, 1.0000001, 2.9999998517516116e-07),
        (1e+300, 1.5, 4.054651081081644e+299), (0.25, 10.0, 0.5756462732485115), (7.0, 0.1, -16.11809565095832),
        (-2.5, 1e+300, -1726.9388197455344), (1e-300, 1e+300, 6.9077552789821376e-298),
    ],
    "xlog1py": [
        (1e-08, 2.0, 1.0986122886681098e-08), (0.5, -0.5, -0.34657359027997264), (-1.0, 3.0, -1.3862943611198906),
        (2.0, 1e-300, 2e-300), (3.0, 1e-08, 2.9999999850000005e-08), (1e+300, 1.5, 9.16290731874155e+299),
        (0.25, 10.0, 0.5994738181995927), (7.0, -0.999, -48.35428695287495), (-2.5, 1e+300, -1726.9388197455344),
        (1e-300, 1e+300, 6.9077552789821376e-298),
    ],
    "zeta": [
        (1.5, 1.0, 2.612375348685488), (2.0, 1e-100, 1e+200), (2.0, 0.5, 4.934802200544679), (2.0, 1e+200, 1e-200),
        (3.0, 10.0, 0.0055249174854010335), (1.0000001, 2.5, 9999999.291004712), (12.5, 3.75, 7.062452115227354e-08),
        (60.0, 0.75, 31356255.640743908), (100.0, 50.0, 1.4721503331251701e-170), (300.0, 1.0, 1.0),
        (2.0, -0.5, 8.934802200544679), (2.0, -7.25, 19.61035453929327), (3.0, -2.3, -34.356896264635154),
        (5.0, -0.001, -999999999999998.9),
    ],
    "polygamma": [
        (1, 1e-08, 1.0000000000000002e+16), (1, 0.5, 4.934802200544679), (1, 1.0, 1.6449340668482264),
        (1, 25.0, 0.04081066325722558), (1, 1e+200, 1e-200), (1, -0.25, 18.541879647671607),
        (1, -9.5, 9.769687445030232), (2, 0.1, -2001.8614573783436), (2, 3.0, -0.15411380631918858),
        (2, -1.2, 246.72729169898594), (3, 1.5, 1.4090910340024372), (3, -0.75, 1557.7451069721515),
        (10, 2.0, -1793.311606628713), (50, 40.0, -8.417333952828005e-18), (120, 1000.0, -5.9158044692867355e-164),
        (175, 2.0, 1.1739800461152676e+265),
    ],
    "gammainc": [
        (1e-10, 0.5, 0.9999999999440227), (0.5, 1e-08, 0.00011283791633342487), (0.5, 0.3, 0.5614219739190002),
        (1.0, 1.0, 0.6321205588285577), (1.0, 1.1, 0.6671289163019205), (3.0, 0.01, 1.654216528074877e-07),
        (5.0, 9.0, 0.9450363585048951), (19.5, 20.5, 0.6171318108794588), (20.5, 20.5, 0.5293776231810191),
        (50.0, 30.1, 0.0005568917980045385), (50.0, 45.0, 0.24680203440017026), (50.0, 80.0, 0.9998692160234086),
        (1000.0, 950.0, 0.05505468623073803), (1000.0, 1030.0, 0.828911903882394),
    ],
    "gammaincc": [
        (1e-10, 0.5, 5.597735948054988e-11), (0.5, 1e-08, 0.9998871620836666), (0.5, 0.3, 0.4385780260809999),
        (1.0, 1.0, 0.36787944117144233), (1.0, 1.2, 0.30119421191220214), (3.0, 0.01, 0.9999998345783472),
        (5.0, 9.0, 0.0549636414951049), (19.5, 20.5, 0.38286818912054127), (20.5, 20.5, 0.4706223768189809),
        (50.0, 30.1, 0.9994431082019954), (50.0, 45.0, 0.7531979655998298), (50.0, 80.0, 0.00013078397659141034),
        (1000.0, 950.0, 0.9449453137692619), (1000.0, 1030.0, 0.17108809611760603),
    ],
}
# PyTorch 2.13 on the CPU, float64: operands, then the value.
SPECIAL: dict[str, list[tuple[float, ...]]] = {
    "erf": [(0.0, 0.0), (-0.0, -0.0), (inf, 1.0), (-inf, -1.0), (nan, nan), (5e-324, 5e-324)],
    "erfc": [(0.0, 1.0), (inf, 0.0), (-inf, 2.0), (nan, nan), (1e300, 0.0), (-1e300, 2.0)],
    "erfcx": [(0.0, 1.0), (inf, 0.0), (-inf, inf), (nan, nan), (-1e300, inf)],
    "erfinv": [(0.0, 0.0), (-0.0, -0.0), (1.0, inf), (-1.0, -inf), (1.5, nan), (-2.0, nan), (inf, nan), (nan, nan),
               (5e-324, 5e-324)],
    "ndtr": [(0.0, 0.5), (inf, 1.0), (-inf, 0.0), (nan, nan), (-1e300, 0.0), (1e300, 1.0)],
    "ndtri": [(0.0, -inf), (-0.0, -inf), (0.5, 0.0), (1.0, inf), (1.5, nan), (-1.0, nan), (inf, nan), (-inf, nan),
              (nan, nan)],
    "log_ndtr": [(inf, -0.0), (-inf, -inf), (1e300, -0.0), (-1e300, -inf), (nan, nan)],
    "expit": [(0.0, 0.5), (inf, 1.0), (-inf, 0.0), (nan, nan), (1e300, 1.0), (-1e300, 0.0)],
    "log_expit": [(inf, 0.0), (-inf, -inf), (nan, nan), (1e300, 0.0), (-1e300, -1e300)],
    "softplus": [(inf, inf), (-inf, 0.0), (nan, nan), (1e300, 1e300), (-1e300, 0.0), (20.1, 20.1)],
    "entr": [(0.0, 0.0), (-0.0, 0.0), (1.0, -0.0), (-1.0, -inf), (inf, -inf), (-inf, -inf), (nan, nan)],
    "lgamma": [(0.0, inf), (-0.0, inf), (1.0, 0.0), (2.0, 0.0), (-1.0, inf), (-2.0, inf), (inf, inf), (-inf, inf),
               (nan, nan), (-1e300, inf), (1e300, 6.897755278982137e302), (-1e15 - 0.5, -3.353877639491072e16)],
    "digamma": [(0.0, -inf), (-0.0, inf), (-1.0, nan), (-2.0, nan), (inf, inf), (-inf, nan), (nan, nan),
                (-1e300, nan), (5e-324, -inf), (-5e-324, inf)],
    "i0": [(0.0, 1.0), (-0.0, 1.0), (nan, nan), (1e300, inf), (-1e300, inf), (inf, nan), (-inf, nan)],
    "i0e": [(0.0, 1.0), (inf, 0.0), (-inf, 0.0), (nan, nan), (1e300, 3.989422804014327e-151)],
    "i1": [(0.0, 0.0), (-0.0, 0.0), (nan, nan), (1e300, inf), (-1e300, -inf), (inf, nan), (-inf, nan)],
    "i1e": [(0.0, 0.0), (-0.0, 0.0), (inf, 0.0), (-inf, -0.0), (nan, nan), (-1e300, -3.989422804014327e-151)],
    "sinc": [(0.0, 1.0), (-0.0, 1.0), (1.0, 3.8981718325193755e-17), (-2.0, -3.8981718325193755e-17), (inf, nan),
             (nan, nan)],
    "xlogy": [(0.0, 0.0, 0.0), (0.0, inf, 0.0), (-0.0, -1.0, 0.0), (0.0, nan, nan), (1.0, 0.0, -inf),
              (1.0, -1.0, nan), (inf, 1.0, nan), (-inf, 0.0, inf), (-1.0, 1.0, -0.0), (nan, 1.0, nan)],
    "xlog1py": [(0.0, -1.0, 0.0), (0.0, -inf, 0.0), (0.0, nan, nan), (1.0, -0.0, -0.0), (1.0, -1.0, -inf),
                (1.0, -inf, nan), (inf, 0.0, nan), (-1.0, 0.0, -0.0), (nan, 1.0, nan)],
    "zeta": [(1.0, 2.0, inf), (1.0, -2.5, inf), (0.5, 2.0, nan), (-1.0, 2.0, nan), (2.0, 0.0, inf), (2.0, -0.0, inf),
             (2.0, -1.0, inf), (2.5, -1.0, inf), (2.5, -0.5, nan), (2.0, nan, nan), (nan, 2.0, nan), (inf, 1.0, 1.0),
             (inf, 0.5, inf), (60.0, 1e300, 0.0), (2000.0, 2.0, 0.0), (2000.0, 0.5, inf)],
    "polygamma": [(0, -0.0, inf), (0, -1.0, nan), (1, 0.0, inf), (1, -0.0, inf), (1, inf, 0.0), (1, -inf, nan),
                  (1, nan, nan), (1, 1e-310, inf), (2, 0.0, -inf), (2, -1.0, -inf), (2, -1e-200, inf), (3, -3.0, inf),
                  (4, -1e-200, inf), (5, 0.0, inf)],
    "gammainc": [(0.0, 0.0, nan), (0.0, 1.0, 1.0), (1.0, 0.0, 0.0), (1.0, inf, 1.0), (inf, 1.0, 0.0), (inf, inf, nan),
                 (-1.0, 1.0, nan), (1.0, -1.0, nan), (nan, 1.0, nan), (1.0, nan, nan), (0.0, inf, 1.0)],
    "gammaincc": [(0.0, 0.0, nan), (0.0, 1.0, 0.0), (1.0, 0.0, 1.0), (1.0, inf, 0.0), (inf, 1.0, 1.0),
                  (inf, inf, nan), (-1.0, 1.0, nan), (1.0, -1.0, nan), (nan, 1.0, nan), (1.0, nan, nan)],
}

# Where PyTorch answers NaN, or a large number for a pole, and the limit is known.
LIMITS: dict[str, list[tuple[float, ...]]] = {
    "zeta": [(2.0, inf, 0.0), (2.5, inf, 0.0), (inf, 2.0, 0.0)],
    "polygamma": [(1, -1.0, inf), (1, -2.0, inf), (2, inf, -0.0), (3, inf, 0.0), (2, -inf, nan)],
}
# fmt: on

TOLERANCE = {
    "gammainc": 2e-14,
    "gammaincc": 2e-14,
    "lgamma": 3e-15,
    "digamma": 1e-14,
    "polygamma": 3e-15,
    "zeta": 3e-15,
}

finite = st.floats(-1e3, 1e3)
positive = st.floats(1e-3, 1e3)


def apply(name: str, *operands: Any) -> np.ndarray[Any, Any]:
    function: Callable[..., Any] = getattr(numerics, name)
    with np.errstate(all="raise"):
        result: np.ndarray[Any, Any] = function(*operands)
    return result


def columns(
    name: str, rows: list[tuple[float, ...]], dtype: type[np.floating[Any]] = np.float64
) -> list[tuple[Any, ...]]:
    """The calls that the rows make: operands as arrays, then the expected array."""
    if name == "polygamma":
        return [(int(n), np.array([x], dtype), np.array([value])) for n, x, value in rows]
    *operands, values = zip(*rows, strict=True)
    return [(*(np.array(operand, dtype) for operand in operands), np.array(values))]


def same(actual: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> None:
    np.testing.assert_allclose(actual, expected, rtol=1e-15)
    np.testing.assert_array_equal(np.signbit(actual[actual == 0]), np.signbit(expected[expected == 0]))


def test_tables_cover_every_function() -> None:
    assert set(VALUES) == set(SPECIAL) == set(numerics.__all__)
    assert min(map(len, VALUES.values())) >= 10


@pytest.mark.parametrize("name", VALUES)
def test_values(name: str) -> None:
    for *operands, expected in columns(name, VALUES[name]):
        np.testing.assert_allclose(apply(name, *operands), expected, rtol=TOLERANCE.get(name, 1e-15))


@pytest.mark.parametrize("name", SPECIAL)
def test_special_values_are_those_of_pytorch(name: str) -> None:
    for *operands, expected in columns(name, SPECIAL[name]):
        same(apply(name, *operands), expected)


@pytest.mark.parametrize("name", LIMITS)
def test_limits_where_pytorch_has_none(name: str) -> None:
    for *operands, expected in columns(name, LIMITS[name]):
        same(apply(name, *operands), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("name", sorted(set(VALUES) - {"sinc"}))
def test_narrow_dtypes_are_computed_in_float64_and_rounded_once(name: str, dtype: type[np.floating[Any]]) -> None:
    rows = [row for row in VALUES[name] if all(abs(entry) < 6e4 for entry in row)]
    for *operands, _ in columns(name, rows, dtype):
        wide = [operand.astype(np.float64) if isinstance(operand, np.ndarray) else operand for operand in operands]
        actual = apply(name, *operands)
        assert actual.dtype == dtype
        with np.errstate(over="ignore", under="ignore"):
            np.testing.assert_array_equal(actual, apply(name, *wide).astype(dtype))


def test_sinc_rounds_its_angle_in_the_operands_precision() -> None:
    actual = apply("sinc", np.array([0, 1, 2, 0.5], np.float32))
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual, [1, -2.7827534e-08, 2.7827534e-08, 2 / np.pi], rtol=1e-7)
    assert apply("sinc", np.array([1, 0.5], np.float16)).tolist() == [-0.0, np.float16(2 / np.pi)]


@pytest.mark.parametrize("name", VALUES)
def test_shapes_and_integers(name: str) -> None:
    first: list[Any] = [2] if name == "polygamma" else [2.0] * (len(VALUES[name][0]) - 2)
    for shape in [(), (0,), (1, 0, 3), (2, 3)]:
        result = apply(name, *first, np.full(shape, 0.5))
        assert isinstance(result, np.ndarray)
        assert result.shape == shape
        assert result.dtype == np.float64
    np.testing.assert_array_equal(apply(name, *first, np.array([1, 3])), apply(name, *first, np.array([1.0, 3.0])))
    transposed = np.linspace(0.1, 0.9, 6).reshape(2, 3).T
    np.testing.assert_array_equal(apply(name, *first, transposed), apply(name, *first, transposed.copy()))


def test_two_operands_broadcast_and_promote() -> None:
    x, y = np.full((2, 1), 3, np.float32), np.full(3, 2, np.float32)
    for name in ["xlogy", "xlog1py", "zeta", "gammainc", "gammaincc"]:
        assert apply(name, x, y).shape == (2, 3)
        assert apply(name, x, y).dtype == np.float32
        assert apply(name, x, y.astype(np.float64)).dtype == np.float64
        assert apply(name, x, 2.0).dtype == np.float32


@pytest.mark.parametrize("name", VALUES)
def test_a_value_does_not_depend_on_its_neighbours(name: str) -> None:
    random = np.random.default_rng(7)
    x = random.normal(size=BLOCK + 100) * 10 ** random.uniform(-3, 2, BLOCK + 100)
    first: list[Any] = [2] if name == "polygamma" else [abs(x[::-1]) + 0.5] * (len(VALUES[name][0]) - 2)
    together = apply(name, *first, x)
    for i in [0, 1, 17, BLOCK - 1, BLOCK, BLOCK + 99]:
        alone = apply(name, *(a[i : i + 1] if isinstance(a, np.ndarray) else a for a in first), x[i : i + 1])
        np.testing.assert_array_equal(alone, together[i : i + 1])


def test_polygamma_refuses_negative_orders() -> None:
    with pytest.raises(ValueError, match=r"polygamma\(n, x\) does not support negative n"):
        numerics.polygamma(-1, np.ones(2))


def test_softplus_has_pytorchs_beta_and_threshold() -> None:
    x = np.array([-50.0, 1.0, 4.9, 5.1])
    expected = [1.860037988010418e-44, 1.0634640055214863, 4.900027725031025, 5.1]
    np.testing.assert_allclose(numerics.softplus(x, beta=2.0, threshold=10.0), expected, rtol=1e-15)
    assert numerics.softplus(np.array([1.0]), beta=0.0) == inf


@given(finite)
def test_parity(x: float) -> None:
    for name in ["erf", "i1e"]:
        assert apply(name, -x) == -apply(name, x)
    for name in ["i0e", "sinc"]:
        assert apply(name, -x) == apply(name, x)


@given(finite)
def test_complements(x: float) -> None:
    np.testing.assert_allclose(apply("erf", x) + apply("erfc", x), 1, rtol=3e-16)
    np.testing.assert_allclose(apply("ndtr", x) + apply("ndtr", -x), 1, rtol=3e-16)
    np.testing.assert_allclose(apply("expit", x) + apply("expit", -x), 1, rtol=3e-16)
    np.testing.assert_allclose(apply("log_expit", x), x + apply("log_expit", -x), rtol=1e-13, atol=1e-13)


@given(st.floats(-5, 5))
def test_inverses(x: float) -> None:
    y = apply("erf", x)
    # d erf^-1/dy = sqrt(pi)/2 exp(x^2): what rounding y may move.
    np.testing.assert_allclose(apply("erfinv", y), x, rtol=2e-15, atol=2e-16 * math.exp(x * x))
    np.testing.assert_allclose(apply("ndtri", apply("ndtr", -abs(x))), -abs(x), rtol=5e-15, atol=5e-16)


@given(st.floats(-25, 25))
def test_scaled_versions(x: float) -> None:
    np.testing.assert_allclose(apply("erfcx", x), math.exp(x * x) * apply("erfc", x), rtol=3e-13)
    np.testing.assert_allclose(apply("i0e", x), math.exp(-abs(x)) * apply("i0", x), rtol=1e-15)
    np.testing.assert_allclose(apply("i1e", x), math.exp(-abs(x)) * apply("i1", x), rtol=1e-15, atol=0)
    np.testing.assert_allclose(apply("log_ndtr", x), np.log(apply("ndtr", x)), rtol=1e-15, atol=2e-16)


@given(positive, st.integers(1, 6))
def test_recurrences(x: float, n: int) -> None:
    np.testing.assert_allclose(apply("lgamma", x + 1), apply("lgamma", x) + math.log(x), rtol=1e-14, atol=3e-15)
    np.testing.assert_allclose(apply("digamma", x + 1), apply("digamma", x) + 1 / x, rtol=1e-14, atol=5e-13)
    step = (-1) ** n * math.factorial(n) / x ** (n + 1)
    np.testing.assert_allclose(apply("polygamma", n, x), apply("polygamma", n, x + 1) - step, rtol=1e-13)
    s = n + 0.25
    np.testing.assert_allclose(apply("zeta", s, x), x**-s + apply("zeta", s, x + 1), rtol=1e-13)


@given(st.floats(-30, 30).filter(lambda x: abs(x - round(x)) > 0.01))
def test_reflections(x: float) -> None:
    sine = abs(math.sin(math.pi * (x - round(x))))
    total = apply("lgamma", x) + apply("lgamma", 1 - x)
    np.testing.assert_allclose(total, math.log(math.pi / sine), rtol=1e-13, atol=1e-13)
    trigamma = apply("polygamma", 1, x) + apply("polygamma", 1, 1 - x)
    np.testing.assert_allclose(trigamma, (math.pi / sine) ** 2, rtol=1e-13)


@given(st.floats(1e-3, 1e6), st.floats(0.01, 3))
def test_incomplete_gamma_sums_to_one_and_steps(a: float, ratio: float) -> None:
    x = a * ratio
    lower, upper = apply("gammainc", a, x), apply("gammaincc", a, x)
    np.testing.assert_allclose(lower + upper, 1, rtol=1e-13)
    # DLMF 8.8.5: P(a + 1, x) = P(a, x) - x^a exp(-x) / gamma(a + 1).
    step = math.exp(a * math.log(x) - x - math.lgamma(a + 1))
    np.testing.assert_allclose(apply("gammainc", a + 1, x), lower - step, rtol=1e-9, atol=1e-9 * step + 1e-14)
